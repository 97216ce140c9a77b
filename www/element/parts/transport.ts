/** The transport: play, step by cell, row and stage, and a scrubber over the whole course with its stages by name. */

import { html, nothing, svg, type TemplateResult } from "lit";
import { say } from "../../text/say.ts";
import { stageName } from "../../trace/story.ts";
import { ZOOMS } from "../closer.ts";
import { type Context, partsOf } from "./context.ts";

/** Icons on a 20 x 20 field: bars and triangles, drawn once and mirrored for "back". */
const TRIANGLE = "M6 4v12l10-6z";
const ICONS = {
  play: TRIANGLE,
  pause: "M5 4h3.5v12H5zM11.5 4H15v12h-3.5z",
  cell: "M7 5l6 5-6 5z",
  row: "M3 5l6 5-6 5zM10 5l6 5-6 5z",
  stage: "M4 5l8 5-8 5zM13 5h2.5v10H13z",
};

/** A stage that takes less of the course than this has no room for its name. */
const NAMED_SHARE = 0.05;

function button(
  icon: keyof typeof ICONS,
  label: string,
  key: string,
  act: () => void,
  back = false,
  primary = false,
): TemplateResult {
  const flip = back ? "translate(20 0) scale(-1 1)" : "";
  return html`<button type="button" class=${primary ? "play primary" : "icon"} aria-label=${label} title="${label} (${key})" @click=${act}>
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">${svg`<path transform=${flip} d=${ICONS[icon]}/>`}</svg>
  </button>`;
}

/** In one column the equation of a cell that is held stands far below it: this leads there. */
function toEquation({ state, fit, path }: Context): TemplateResult | typeof nothing {
  if (path.length === 0 || !fit.narrow || fit.compact || partsOf(state.hide).has("equation")) return nothing;
  const go = (event: Event) => {
    const root = (event.currentTarget as Element).getRootNode() as ShadowRoot;
    root.querySelector(".equation")?.scrollIntoView({ block: "center" });
  };
  return html`<button type="button" class="quiet to-equation" @click=${go}>${say.equation} ↓</button>`;
}

export function transport(context: Context): TemplateResult | typeof nothing {
  const { state, course, frame, playing, actions, trace } = context;
  if (!course || !frame || !trace) return nothing;
  const t = say.transport;
  return html`<section class="transport" aria-label=${say.transportLabel}>
    ${toEquation(context)}
    <div class="keys">
      ${button("stage", t.stageBack, "J", () => actions.step("stage", -1), true)}
      ${button("row", t.rowBack, "↑", () => actions.step("row", -1), true)}
      ${button("cell", t.cellBack, "←", () => actions.step("cell", -1), true)}
      ${button(playing ? "pause" : "play", playing ? t.pause : t.play, say.spaceKey, actions.toggle, false, true)}
      ${button("cell", t.cellOn, "→", () => actions.step("cell", 1))}
      ${button("row", t.rowOn, "↓", () => actions.step("row", 1))}
      ${button("stage", t.stageOn, "L", () => actions.step("stage", 1))}
    </div>
    <div class="scrub">
      <input type="range" min="0" max=${course.duration} step="any" .value=${String(frame.time)} aria-label=${t.course}
        aria-valuetext=${stageName(frame.segment.stage)}
        @input=${(event: Event) => actions.seek(Number((event.target as HTMLInputElement).value), "none")}
        @change=${(event: Event) => actions.seek(Number((event.target as HTMLInputElement).value), "push")}/>
      <div class="segments" aria-hidden="true">${course.segments.map(
        (segment) =>
          html`<span .style="flex: ${segment.schedule.duration} 1 0" class=${segment === frame.segment ? "here" : ""}>${segment.schedule.duration / course.duration > NAMED_SHARE ? (say.short[segment.stage.id] ?? stageName(segment.stage)) : ""}</span>`,
      )}</div>
    </div>
    <div class="zooms" role="group" aria-label=${say.zooms.label}>${ZOOMS.map(
      (zoom, n) =>
        html`<button type="button" class="quiet" data-zoom=${zoom} aria-pressed=${state.zoom === zoom} title="${say.zooms[zoom]} (${n + 1})"
          @click=${() => actions.set({ zoom }, "push")}>${say.zooms[zoom]}</button>`,
    )}</div>
    <label class="speed"><span>${t.speed}</span>
      <select .value=${String(state.speed)} @change=${(event: Event) => actions.set({ speed: Number((event.target as HTMLSelectElement).value) }, "replace")}>
        ${[0.25, 0.5, 1, 2, 4].map((speed) => html`<option value=${speed} ?selected=${speed === state.speed}>${speed}×</option>`)}
      </select></label>
  </section>`;
}
