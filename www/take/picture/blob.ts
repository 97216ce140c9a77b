/** The scene on show as a file: an SVG, or an image that is drawn from it. */

import type { SceneView } from "../../view/scene-view.ts";
import { type SvgPicture, svgOf } from "./svg.ts";

export const SVG_TYPE = "image/svg+xml";
/** Pixels of an image for each of the picture: sharp on any screen, and in print. */
const SHARPNESS = 2;

export async function toBlob(view: SceneView | undefined, type: string): Promise<Blob> {
  if (!view) throw new Error("toBlob: expected a scene, found none");
  const page = getComputedStyle(view.root).getPropertyValue("--page");
  view.speak();
  const svg = svgOf(view, page);
  return type === SVG_TYPE ? new Blob([svg.text], { type }) : imageOf(svg, type);
}

async function imageOf({ text, width, height }: SvgPicture, type: string): Promise<Blob> {
  const image = new Image();
  const address = URL.createObjectURL(new Blob([text], { type: SVG_TYPE }));
  try {
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width * SHARPNESS, height * SHARPNESS];
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob(
        (blob) =>
          blob?.type === type ? resolve(blob) : reject(new Error(`toBlob: expected an image type, found ${type}`)),
        type,
      ),
    );
  } finally {
    URL.revokeObjectURL(address);
  }
}
