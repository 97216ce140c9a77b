/** Looking closer and moving there: by wheel, by one finger or two, by dragging, by a double click, and by keys. */

import { hit, NUMBER_HEIGHT } from "../layout.ts";
import type { SceneView } from "../scene-view.ts";
import { holdsNumbers, leastNumberCell } from "../text-width.ts";
import { closer } from "./closer.ts";
import { Pinch } from "./pinch.ts";
import type { Swipe } from "./swipe.ts";

interface Point {
  x: number;
  y: number;
}

/** One notch of a wheel, one press of + or -. */
const ZOOM_STEP = 1.25;
/** Pixels of the wheel that zoom by one step, and the most that one event may. */
const NOTCH = 50;
const MOST_NOTCHES = 2;
/** Pixels that one press of an arrow moves the scene by. */
const ARROW = 80;
/** Some browsers tell the wheel in lines. */
const LINE = 16;
/** A press that moves further than this many pixels drags the scene, and holds no cell. */
const DRAG = 4;
/** Two clicks within this time and distance are one double click, by mouse and by finger alike. */
const DOUBLE = { ms: 350, pixels: 24 };

const ARROWS: Record<string, Point> = {
  ArrowLeft: { x: -ARROW, y: 0 },
  ArrowRight: { x: ARROW, y: 0 },
  ArrowUp: { x: 0, y: -ARROW },
  ArrowDown: { x: 0, y: ARROW },
};

export class Gestures {
  readonly #view: SceneView;
  readonly #swipe: Swipe;
  readonly #pinch = new Pinch();
  #press: Point | undefined;
  #click = { time: Number.NEGATIVE_INFINITY, x: 0, y: 0 };

  constructor(view: SceneView, swipe: Swipe) {
    this.#view = view;
    this.#swipe = swipe;
    const { root } = view;
    root.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    root.addEventListener("pointerdown", (event) => this.#onDown(event));
    // Before the scene hears of it: what is dragged is not pointed at.
    root.addEventListener("pointermove", (event) => this.#onMove(event), { capture: true });
    for (const end of ["pointerup", "pointercancel"] as const)
      root.addEventListener(end, (event) => {
        this.#pinch.up(event);
        this.#swipe.up(end === "pointerup");
        this.#press = undefined;
      });
    root.addEventListener("click", (event) => this.#onClick(event));
    // A double click selects no text here.
    root.addEventListener("mousedown", (event) => event.detail > 1 && event.preventDefault());
  }

  /** What a key asks for, wherever on the page it is pressed. */
  keyAction({ key, shiftKey }: KeyboardEvent): (() => void) | undefined {
    const view = this.#view;
    if (key === "+" || key === "=") return () => view.zoom(ZOOM_STEP);
    if (key === "-") return () => view.zoom(1 / ZOOM_STEP);
    if (key === "0") return () => view.showAll();
    const way = shiftKey && view.zoomedIn && ARROWS[key];
    return way ? () => void this.#move(way) : undefined;
  }

  /** Says whether there was somewhere to move to. */
  #move({ x, y }: Point): boolean {
    const { lens } = this.#view;
    this.#view.look({ ...lens, x: lens.x + x, y: lens.y + y });
    return this.#view.lens.x !== lens.x || this.#view.lens.y !== lens.y;
  }

  #at({ clientX, clientY }: MouseEvent): Point {
    const { left, top } = this.#view.root.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  /**
   * Pinching on a touch pad, or the wheel with Ctrl or Cmd, zooms; the wheel alone moves a scene that is zoomed, sideways with
   * Shift, and the page where the scene ends.
   */
  #onWheel(event: WheelEvent): void {
    if (event.ctrlKey || event.metaKey) {
      const notches = Math.min(MOST_NOTCHES, Math.max(-MOST_NOTCHES, -event.deltaY / NOTCH));
      this.#view.zoom(ZOOM_STEP ** notches, this.#at(event));
    } else {
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1;
      const [x, y] = [event.deltaX * unit, event.deltaY * unit];
      const way = event.shiftKey && x === 0 ? { x: y, y: 0 } : { x, y };
      if (!this.#view.zoomedIn || !this.#move(way)) return;
    }
    event.preventDefault();
  }

  #onDown(event: PointerEvent): void {
    this.#press = { x: event.clientX, y: event.clientY };
    this.#pinch.down(event);
    if (this.#pinch.active) this.#swipe.up(false);
    else if (!this.#view.zoomedIn) this.#swipe.down(event);
  }

  #onMove(event: PointerEvent): void {
    const pinched = this.#pinch.move(event);
    if (pinched) {
      this.#view.dragged = true;
      const { left, top } = this.#view.root.getBoundingClientRect();
      this.#view.zoom(pinched.factor, { x: pinched.at.x - left, y: pinched.at.y - top });
    }
    if (this.#pinch.active || this.#swipe.move(event) || this.#drag(event)) event.stopPropagation();
  }

  #drag({ buttons, clientX, clientY }: PointerEvent): boolean {
    const press = buttons === 1 && this.#view.zoomedIn ? this.#press : undefined;
    if (!press) return false;
    const [x, y] = [press.x - clientX, press.y - clientY];
    if (!this.#view.dragged && Math.hypot(x, y) < DRAG) return true;
    this.#view.dragged = true;
    this.#press = { x: clientX, y: clientY };
    this.#move({ x, y });
    return true;
  }

  #onClick(event: MouseEvent): void {
    if (this.#view.dragged) return;
    const { timeStamp: time, clientX: x, clientY: y } = event;
    const last = this.#click;
    const double = time - last.time < DOUBLE.ms && Math.hypot(x - last.x, y - last.y) < DOUBLE.pixels;
    this.#click = { time: double ? Number.NEGATIVE_INFINITY : time, x, y };
    if (double) this.#readable(this.#at(event));
  }

  /** To where numbers stand in the cells, about a point; and back. */
  #readable(at: Point): void {
    const view = this.#view;
    const { layout } = view;
    const box = layout && (hit(layout, at.x, at.y)?.box ?? layout.boxes[0]);
    if (view.zoomedIn) view.showAll();
    else if (box && !holdsNumbers(box)) closer(view, box, { width: leastNumberCell(), height: NUMBER_HEIGHT }, at);
  }
}
