/** Frames of a film: the scene at any moment of the course, drawn by the painter of the page, with its numbers and names. */

import type { Explanation, Trace } from "../../engine/types.ts";
import { Course, type Frame } from "../../timeline/course.ts";
import { labelWidth } from "../../view/label-width.ts";
import { type Layout, layout, type Room } from "../../view/layout.ts";
import { sliceForHead } from "../../view/matrix-view.ts";
import { type Lit, paint } from "../../view/paint.ts";
import { sceneFor } from "../../view/scene.ts";
import type { SceneView } from "../../view/scene-view.ts";
import { FAMILY, leastNumberCell, titleWidth } from "../../view/text-width.ts";
import { startFrame } from "../../view/tiles.ts";
import { type Word, wordsOf } from "../picture/words.ts";
import { type Plan, planOf, type Reach } from "./plan.ts";

export type Ask = (trace: Trace, stage: string, index: readonly number[]) => Promise<Explanation>;

const MARGIN = 8;
const NOTHING: readonly Lit[] = [];

export class FilmPainter {
  readonly course: Course;
  /** In pixels of the page. */
  readonly width: number;
  readonly height: number;
  readonly plan: Plan;
  readonly #view: SceneView;
  /** As it was when the film was begun. */
  readonly #input: NonNullable<SceneView["input"]>;
  /** The trace itself, where that stage is shown as it was before, or as what has become of it. */
  readonly #trace: Trace;
  readonly #page: string;
  readonly #ask: Ask;
  readonly #room: Room;
  readonly #layouts = new Map<string, Layout>();
  #asked: { key: string; operands: readonly Lit[] } = { key: "", operands: NOTHING };

  constructor(view: SceneView, trace: Trace, reach: Reach, { rate, most }: { rate: number; most: number }, ask: Ask) {
    if (!view.input) throw new Error("film: expected a scene, found none");
    const { frame } = view.input;
    this.#view = view;
    this.#trace = trace;
    this.#input = view.input;
    this.#ask = ask;
    this.#page = getComputedStyle(view.root).getPropertyValue("--page");
    this.#room = { ...view.room, labelWidth: labelWidth(trace), numberWidth: leastNumberCell(), titleWidth };
    this.course = new Course(trace);
    this.plan = planOf(this.course, reach, frame.segment.stage.id, rate, most);
    const stages = new Set(this.plan.times.map((time) => this.course.positionAt(time).stage));
    const sizes = [...stages].map((id) => this.#layoutOf(id));
    // Codecs want even sizes.
    const even = (size: number) => 2 * Math.ceil((size + 2 * MARGIN) / 2);
    this.width = even(Math.min(view.room.width, Math.max(...sizes.map(({ width }) => width))));
    this.height = even(Math.min(view.room.height, Math.max(...sizes.map(({ height }) => height))));
  }

  async draw(context: CanvasRenderingContext2D, time: number, ratio: number): Promise<void> {
    const input = this.#input;
    const { shade } = this.#view;
    const { token, palette } = input;
    const { stage, cell } = this.course.positionAt(time);
    const { trace } = this.#shown(stage);
    const frame = this.course.frame(stage, cell);
    const scene = this.#layoutOf(stage);
    const before = frame.previous && this.#layoutOf(frame.previous.stage.id);
    const operands = await this.#operandsOf(frame);
    const picture = { ...input, trace, frame, layout: scene, before, motion: undefined, shade, operands, lit: NOTHING };
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = this.#page;
    context.fillRect(0, 0, this.width, this.height);
    context.setTransform(ratio, 0, 0, ratio, MARGIN * ratio, MARGIN * ratio);
    // What is large is made in parts.
    for (startFrame(); !paint(context, { ...picture, still: false }); startFrame());
    this.#view.speak();
    const room = { width: this.width, height: this.height };
    for (const word of wordsOf({ trace, layout: scene, frame, token, palette, room })) {
      // On their way to their places matrices have no numbers.
      if (frame.cells >= 0 || word.spacing === 0) write(context, word);
    }
  }

  /** Of the stage on show its numbers as they are shown; of all others those of now. */
  #shown(id: string): { trace: Trace; note: string } {
    const { trace, note, frame } = this.#input;
    return id === frame.segment.stage.id ? { trace, note } : { trace: this.#trace, note: "" };
  }

  #layoutOf(id: string): Layout {
    const known = this.#layouts.get(id);
    if (known) return known;
    const { head } = this.#input;
    const { trace, note } = this.#shown(id);
    const stage = this.course.segmentOf(id)?.stage;
    if (!stage) throw new Error(`film: expected a stage of the course, found ${id}`);
    const made = layout(sceneFor(trace, stage, head, note), this.#room);
    this.#layouts.set(id, made);
    return made;
  }

  /** As the engine names them: of the cell that is computed, while it can be followed. */
  async #operandsOf({ active, segment }: Frame): Promise<readonly Lit[]> {
    const { head } = this.#input;
    const trace = this.#trace;
    if (!active) return NOTHING;
    const index = sliceForHead(trace, segment.stage, head).index(active.row, active.column);
    const key = [segment.stage.id, ...index].join();
    if (key !== this.#asked.key) {
      const { terms } = await this.#ask(trace, segment.stage.id, index);
      this.#asked = { key, operands: terms.flatMap(({ factors }) => factors) };
    }
    return this.#asked.operands;
  }
}

function write(context: CanvasRenderingContext2D, word: Word): void {
  const { text, x, y, anchor, size, weight, color, spacing, upright, subscripts } = word;
  context.font = `${weight} ${size}px ${FAMILY}`;
  context.fillStyle = color;
  context.letterSpacing = `${spacing * size}px`;
  context.textAlign = anchor === "middle" ? "center" : anchor;
  context.textBaseline = "alphabetic";
  if (upright) {
    context.save();
    context.translate(x, y);
    context.rotate(-Math.PI / 2);
    context.fillText(text, 0, 0);
    context.restore();
    return;
  }
  if (!subscripts) {
    context.fillText(text, x, y);
    return;
  }
  let left = x;
  for (const [n, piece] of text.split(/_(\w)/).entries()) {
    const low = n % 2 === 1;
    context.font = `${weight} ${low ? size * 0.8 : size}px ${FAMILY}`;
    context.fillText(piece, left, low ? y + size / 5 : y);
    left += context.measureText(piece).width;
  }
}
