/** From stage to stage by a finger: the scene follows it, and the picture of the neighbour comes in from the side. */

import type { Trace } from "../../engine/types.ts";
import type { Frame } from "../../timeline/course.ts";
import { SceneView } from "../scene-view.ts";

/** The neighbour of the frame on show, after it (1) or before it (-1). */
export interface Neighbours {
  frame(side: 1 | -1): Frame | undefined;
  /** The trace on show, as it is now. */
  trace(): Trace | undefined;
  go(stage: string): void;
}

/** A finger that has gone so far, more across than down, swipes. */
const START = 10;
/** This share of the width goes to the neighbour, and so does a flick of so many pixels a millisecond. */
const ENOUGH = 0.3;
const FLICK = 0.5;
/** Beyond the ends of the course the scene gives way only a little. */
const BEYOND = 0.25;
const SETTLE_MS = 200;

export class Swipe {
  readonly #view: SceneView;
  readonly #neighbours: Neighbours;
  #from: { x: number; y: number; time: number } | undefined;
  #active = false;
  #distance = 0;
  #last = 0;
  #side: 1 | -1 = 1;
  #beside: HTMLElement | undefined;
  #target = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(view: SceneView, neighbours: Neighbours) {
    this.#view = view;
    this.#neighbours = neighbours;
  }

  down({ pointerType, clientX, clientY, timeStamp }: PointerEvent): void {
    if (pointerType === "mouse") return;
    // The next finger does not wait for the picture to come to rest.
    if (this.#timer) this.#arrive();
    this.#from = { x: clientX, y: clientY, time: timeStamp };
    this.#active = false;
  }

  /** Says whether the finger swipes. */
  move({ clientX, clientY, timeStamp }: PointerEvent): boolean {
    if (!this.#from) return this.#target !== "";
    const [x, y] = [clientX - this.#from.x, clientY - this.#from.y];
    if (!this.#active) {
      if (Math.abs(x) < START || Math.abs(x) < Math.abs(y)) return false;
      this.#active = true;
      this.#view.dragged = true;
    }
    this.#last = timeStamp;
    this.#distance = x;
    if (!this.#view.input?.still) this.#follow(x);
    return true;
  }

  up(done: boolean): void {
    const from = this.#from;
    this.#from = undefined;
    if (!from || !this.#active) return;
    this.#active = false;
    const { root, room, input } = this.#view;
    const speed = Math.abs(this.#distance) / Math.max(1, this.#last - from.time);
    const side = this.#distance < 0 ? 1 : -1;
    const far = Math.abs(this.#distance) > ENOUGH * room.width || speed > FLICK;
    const frame = done && far ? this.#neighbours.frame(side) : undefined;
    this.#target = frame?.segment.stage.id ?? "";
    if (input?.still) {
      this.#arrive();
      return;
    }
    root.classList.add("settling");
    root.style.setProperty("--swipe", `${frame ? -side * room.width : 0}px`);
    this.#timer = setTimeout(() => this.#arrive(), SETTLE_MS);
  }

  /** The scene was drawn: where it is the neighbour's now, the picture that came in has done its part. */
  drawn(): void {
    if (this.#target && this.#view.input?.frame.segment.stage.id === this.#target) this.#clear();
  }

  #arrive(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#target) this.#neighbours.go(this.#target);
    else this.#clear();
  }

  #clear(): void {
    this.#target = "";
    this.#beside?.remove();
    this.#beside = undefined;
    this.#view.root.classList.remove("swiping", "settling");
    this.#view.root.style.removeProperty("--swipe");
  }

  #follow(x: number): void {
    const { root } = this.#view;
    const side = x < 0 ? 1 : -1;
    if (!this.#beside || side !== this.#side) this.#show(side);
    const end = this.#beside?.childElementCount === 0;
    root.classList.add("swiping");
    root.style.setProperty("--swipe", `${x * (end ? BEYOND : 1)}px`);
  }

  /** The neighbour's whole picture, beside the scene; nothing beyond the ends. */
  #show(side: 1 | -1): void {
    this.#side = side;
    this.#beside?.remove();
    this.#beside = document.createElement("div");
    this.#beside.className = "beside";
    this.#beside.inert = true;
    this.#beside.style.setProperty("--side", String(side));
    this.#view.root.append(this.#beside);
    const frame = this.#neighbours.frame(side);
    const { input, room } = this.#view;
    const trace = this.#neighbours.trace();
    if (!frame || !input || !trace) return;
    const nothing = () => undefined;
    const neighbour = new SceneView(this.#beside, {
      hover: nothing,
      pick: nothing,
      blocks: nothing,
      speak: this.#view.speak,
    });
    neighbour.shade = this.#view.shade;
    neighbour.resize(room.width, room.height);
    neighbour.draw({ ...input, trace, frame, lit: [], operands: [], asked: undefined, closer: undefined, note: "" });
  }
}
