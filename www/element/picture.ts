/** The scene as a picture file: what the canvas holds, with the words and numbers that lie over it. */

export function toBlob(scene: HTMLElement, type: string): Promise<Blob> {
  const source = scene.querySelector("canvas");
  if (!source) return Promise.reject(new Error("toBlob: expected a scene, found none"));
  const copy = document.createElement("canvas");
  copy.width = source.width;
  copy.height = source.height;
  const context = copy.getContext("2d") as CanvasRenderingContext2D;
  const bounds = scene.getBoundingClientRect();
  const ratio = source.width / Math.max(1, bounds.width);
  context.scale(ratio, ratio);
  const style = getComputedStyle(scene);
  context.fillStyle = style.getPropertyValue("--page") || "#fff";
  context.fillRect(0, 0, bounds.width, bounds.height);
  context.drawImage(source, 0, 0, bounds.width, bounds.height);
  for (const word of scene.querySelectorAll<HTMLElement>(".cell, .label, .title")) {
    const look = getComputedStyle(word);
    if (look.visibility === "hidden" || word.closest(".virtual")) continue;
    const at = word.getBoundingClientRect();
    context.font = `${look.fontWeight} ${look.fontSize} ${look.fontFamily}`;
    context.fillStyle = look.color;
    context.textBaseline = "middle";
    const centred = look.textAlign === "center" || word.classList.contains("cell");
    const right = look.textAlign === "end" || look.textAlign === "right";
    context.textAlign = centred ? "center" : right ? "right" : "left";
    const x = centred ? at.left + at.width / 2 : right ? at.right : at.left;
    context.save();
    context.beginPath();
    context.rect(at.left - bounds.left, at.top - bounds.top, at.width, at.height);
    context.clip();
    context.fillText(word.textContent ?? "", x - bounds.left, at.top + at.height / 2 - bounds.top);
    context.restore();
  }
  return new Promise((resolve, reject) =>
    copy.toBlob(
      (blob) =>
        blob?.type === type ? resolve(blob) : reject(new Error(`toBlob: expected an image type, found ${type}`)),
      type,
    ),
  );
}
