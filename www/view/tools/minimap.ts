/** The whole result, small, in a corner of a scene that is zoomed, with a frame around what is in sight: a press takes one there. */

import type { ActiveCell, Box } from "../layout.ts";
import { MatrixView } from "../matrix-view.ts";
import { paintNumbers, scaleOf } from "../palette.ts";
import { blocksOf, partOf } from "../pyramid.ts";
import type { SceneView } from "../scene-view.ts";
import { levelFor } from "../tiles.ts";
import { centre, resultOf } from "./closer.ts";

/** At most so large, and no more than this share of the scene. */
const MOST = { width: 152, height: 116 };
const SHARE = 0.34;
/** So much of what is in sight goes by with one press of an arrow. */
const STRIDE = 0.5;
/** A frame that is smaller could not be seen. */
const LEAST_FRAME = 5;
const MARGIN = 8;
/** In this order: the first that hides nothing that is asked about. */
const CORNERS = ["bottom right", "top right", "bottom left", "top left"] as const;

const ARROWS: Record<string, [across: number, down: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

export class Minimap {
  readonly #view: SceneView;
  readonly #root = document.createElement("div");
  readonly #canvas = document.createElement("canvas");
  readonly #frame = document.createElement("i");
  readonly #label: () => string;
  #painted: unknown[] = [];

  constructor(view: SceneView, label: () => string) {
    this.#view = view;
    this.#root.className = "minimap";
    this.#root.tabIndex = 0;
    this.#root.hidden = true;
    this.#root.setAttribute("role", "group");
    this.#label = label;
    this.#root.append(this.#canvas, this.#frame);
    view.root.append(this.#root);
    // What happens here is none of the scene's.
    for (const type of ["pointermove", "pointerup", "click"] as const)
      this.#root.addEventListener(type, (event) => event.stopPropagation());
    this.#root.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      this.#root.setPointerCapture(event.pointerId);
      this.#goTo(event);
    });
    this.#root.addEventListener("pointermove", (event) => {
      if (event.buttons === 1) this.#goTo(event);
    });
    this.#root.addEventListener("keydown", (event) => this.#onKey(event));
  }

  drawn(): void {
    const box = resultOf(this.#view);
    const view = box?.part.view;
    this.#root.hidden = !this.#view.zoomedIn || !box || !(view instanceof MatrixView);
    if (!box || !(view instanceof MatrixView) || this.#root.hidden) return;
    const label = this.#label();
    this.#root.title = label;
    this.#root.setAttribute("aria-label", label);
    this.#paint(box, view);
    const { width, height } = this.#size(box);
    const seen = this.#seen(box);
    const [w, h] = [Math.max(LEAST_FRAME, seen.width * width), Math.max(LEAST_FRAME, seen.height * height)];
    const left = Math.min(seen.x * width, width - w);
    const top = Math.min(seen.y * height, height - h);
    Object.assign(this.#frame.style, { left: `${left}px`, top: `${top}px`, width: `${w}px`, height: `${h}px` });
    this.#root.dataset.corner = this.#corner({ width, height });
  }

  /** In proportion to the cells of the scene, as far as there is room. */
  #size({ part: { view }, cellWidth, cellHeight }: Box): { width: number; height: number } {
    const { room } = this.#view;
    const most = {
      width: Math.min(MOST.width, room.width * SHARE),
      height: Math.min(MOST.height, room.height * SHARE),
    };
    const [width, height] = [view.columns * cellWidth, view.rows * cellHeight];
    const scale = Math.min(most.width / width, most.height / height);
    // A vector is a line: it keeps the width that a finger needs.
    return { width: Math.max(12, Math.round(width * scale)), height: Math.max(12, Math.round(height * scale)) };
  }

  /** Which part of the box the scene shows, in shares of it. */
  #seen({ x, y, part: { view }, cellWidth, cellHeight }: Box): Area {
    const { room } = this.#view;
    const along = (start: number, length: number, extent: number) => {
      const share = (at: number) => Math.min(1, Math.max(0, at / length));
      return [share(-start), share(extent - start)] as const;
    };
    const [left, right] = along(x, view.columns * cellWidth, room.width);
    const [top, bottom] = along(y, view.rows * cellHeight, room.height);
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  #corner({ width, height }: { width: number; height: number }): string {
    const { room, input, layout } = this.#view;
    const frame = input?.frame;
    const active: ActiveCell | undefined = frame && (layout?.active ? layout.active(frame) : frame.active);
    const box = active?.box ?? resultOf(this.#view);
    const asked =
      (input?.asked && this.#view.placeOf(input.asked)) ??
      (active && box
        ? {
            x: box.x + active.column * box.cellWidth,
            y: box.y + active.row * box.cellHeight,
            width: box.cellWidth,
            height: box.cellHeight,
          }
        : undefined);
    const free = CORNERS.find((corner) => {
      const left = corner.endsWith("left") ? MARGIN : room.width - width - MARGIN;
      const top = corner.startsWith("top") ? MARGIN : room.height - height - MARGIN;
      return !asked || !meet(asked, { x: left, y: top, width, height });
    });
    return free ?? CORNERS[0];
  }

  #paint(box: Box, view: MatrixView): void {
    const { input, shade } = this.#view;
    if (!input) return;
    const { trace, palette } = input;
    const { width, height } = this.#size(box);
    const ratio = globalThis.devicePixelRatio || 1;
    const painted = [trace, view.key, palette, shade?.keyFor(view), width, height, ratio];
    if (painted.every((one, n) => one === this.#painted[n])) return;
    this.#painted = painted;
    const level = levelFor(width / view.columns, height / view.rows, ratio);
    const part = { row: 0, column: 0, rows: blocksOf(view.rows, level), columns: blocksOf(view.columns, level) };
    const pixels = new ImageData(part.columns, part.rows);
    const colors = new Uint32Array(pixels.data.buffer);
    paintNumbers(partOf(trace, view, level, part), scaleOf(trace, view.stage), palette, colors);
    if (shade?.keyFor(view)) shade.fade(view, level, part, colors);
    this.#canvas.width = part.columns;
    this.#canvas.height = part.rows;
    this.#canvas.getContext("2d")?.putImageData(pixels, 0, 0);
    Object.assign(this.#root.style, { width: `${width}px`, height: `${height}px` });
  }

  #goTo({ clientX, clientY }: PointerEvent): void {
    const box = resultOf(this.#view);
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    if (!box) return;
    const { rows, columns } = box.part.view;
    const [across, down] = [(clientX - left) / width, (clientY - top) / height];
    centre(this.#view, box, down * rows, across * columns);
  }

  #onKey(event: KeyboardEvent): void {
    const way = ARROWS[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const { lens, room } = this.#view;
    const [across, down] = way;
    this.#view.look({
      ...lens,
      x: lens.x + across * room.width * STRIDE,
      y: lens.y + down * room.height * STRIDE,
    });
  }
}

const meet = (a: Area, b: Area): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
