/** The strip: every stage of the course in order, small, with where the reader is. */

import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { ref } from "lit/directives/ref.js";
import type { Trace } from "../../engine/types.ts";
import { say } from "../../text/say.ts";
import { type Course, type Segment, WHOLE } from "../../timeline/course.ts";
import { stageOf } from "../../trace/cells.ts";
import { stageName } from "../../trace/story.ts";
import { sliceForHead } from "../../view/matrix-view.ts";
import { type Palette, paintNumbers, scaleOf } from "../../view/palette.ts";
import { roleOf } from "../../view/scene.ts";
import type { Context } from "./context.ts";
import { rove } from "./rove.ts";

const SOFTMAX = new Set(["row_max", "shifted", "exp", "row_sum", "weights"]);
const PROJECT = new Set(["query", "key", "value", "query_rotated", "key_rotated"]);
const STATE = new Set(["factor", "decayed", "prediction", "error", "update", "state", "read"]);
const SCORE = new Set(["scores", "scaled", "capped", "biased", "masked"]);

function groupOf(id: string): string {
  if (SOFTMAX.has(id)) return "softmax";
  if (PROJECT.has(id)) return "project";
  if (STATE.has(id)) return "state";
  return SCORE.has(id) ? "score" : /^(mixed|concat|output)$/.test(id) ? "mix" : "tokens";
}

/** Playing a stage changes none of this. */
export function strip(context: Context): unknown {
  const { course, trace, frame, state, palette } = context;
  if (!course || !trace || !frame) return nothing;
  return guard([trace, frame.segment, state.head, palette, say], () => stripOf(context, course));
}

function stripOf(context: Context, course: Course): TemplateResult {
  const groups: { name: string; segments: Segment[] }[] = [];
  for (const segment of course.segments) {
    const name = groupOf(segment.stage.id);
    const last = groups.at(-1);
    if (last?.name === name) last.segments.push(segment);
    else groups.push({ name, segments: [segment] });
  }
  const crowded = course.segments.length > ROOMY;
  return html`<nav class="strip" aria-label=${say.stagesLabel} @keydown=${rove}>
    ${groups.map(
      ({ name, segments }) => html`<div class="group">
        <span class="group-name">${say.groups[name]}</span>
        <div class="stops">${segments.map((segment) => stop(segment, context, crowded))}</div>
      </div>`,
    )}
  </nav>`;
}

/** With more stops than this their names are short. */
const ROOMY = 14;

function stop({ stage }: Segment, { frame, trace, state, palette, actions }: Context, short: boolean): TemplateResult {
  const here = frame?.segment.stage.id === stage.id;
  return html`<button type="button" class="stop role-${roleOf(stage.id)}" aria-current=${here ? "step" : nothing} tabindex=${here ? 0 : -1}
    data-stop=${stage.id} @click=${() => actions.set({ stage: stage.id, cell: WHOLE }, "push")}>
    <canvas width="44" height="32" aria-hidden="true" ${ref((canvas) => thumbnail(canvas, trace as Trace, stage.id, state.head, palette))}></canvas>
    <span>${(short && say.short[stage.id]) || stageName(stage)}</span>
  </button>`;
}

const drawn = new WeakMap<Element, string>();
const numbers = new WeakMap<Trace, number>();
let traces = 0;
/** One canvas for all thumbnails, on the way from cells to the screen. */
let scratch: OffscreenCanvasRenderingContext2D | null | undefined;

/** The stage's own cells, one pixel-block each, drawn again only when they change. */
function thumbnail(canvas: Element | undefined, trace: Trace, id: string, head: number, palette: Palette): void {
  if (!(canvas instanceof HTMLCanvasElement)) return;
  if (!numbers.has(trace)) numbers.set(trace, traces++);
  const key = `${numbers.get(trace)}/${id}/${head}/${palette.lit}`;
  if (drawn.get(canvas) === key) return;
  drawn.set(canvas, key);
  const stage = stageOf(trace, id);
  const context = canvas.getContext("2d");
  if (!stage || !context) return;
  const view = sliceForHead(trace, stage, head);
  const scale = scaleOf(trace, stage);
  const rows = Math.min(view.rows, canvas.height);
  const columns = Math.min(view.columns, canvas.width);
  const cell = Math.min(canvas.width / columns, canvas.height / rows, 8);
  const x0 = (canvas.width - cell * columns) / 2;
  const y0 = (canvas.height - cell * rows) / 2;
  const pixels = new ImageData(columns, rows);
  const cells = Float32Array.from({ length: rows * columns }, (_, n) => {
    const [r, c] = [Math.floor(n / columns), n % columns];
    return view.value(trace, Math.floor((r * view.rows) / rows), Math.floor((c * view.columns) / columns));
  });
  paintNumbers(cells, scale, palette, new Uint32Array(pixels.data.buffer));
  scratch ??= new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
  if (!scratch) return;
  scratch.putImageData(pixels, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  context.drawImage(scratch.canvas, 0, 0, columns, rows, x0, y0, cell * columns, cell * rows);
}

/** The stop where the reader is comes into the strip's view; the page itself does not scroll. */
export function followStop(root: ParentNode): void {
  const strip = root.querySelector<HTMLElement>(".strip");
  const stop = strip?.querySelector<HTMLElement>("[aria-current]");
  if (!strip || !stop || strip.scrollWidth <= strip.clientWidth) return;
  const left = stop.offsetLeft - strip.offsetLeft;
  if (left < strip.scrollLeft || left + stop.offsetWidth > strip.scrollLeft + strip.clientWidth) {
    strip.scrollLeft = left - (strip.clientWidth - stop.offsetWidth) / 2;
  }
}
