/** The controls that change a number, or drop a key, a token's values or a head. Each is one step of the browser's history. */

import { html, nothing, type TemplateResult } from "lit";
import type { Edit, Trace } from "../../engine/types.ts";
import { editsFrom, editsToText } from "../../input/changes.ts";
import type { State } from "../../state/fields.ts";
import { change as text } from "../../text/change.ts";
import { fill, say } from "../../text/say.ts";
import { covers, stageOf, valueAt } from "../../trace/cells.ts";
import { shortest } from "../../view/format.ts";
import type { Lit } from "../../view/paint.ts";
import { type Context, tokenName } from "../parts/context.ts";
import { droppedKeys } from "./runs.ts";

/** The edits with one more; one for the same cells goes. */
function withEdit(edits: string, edit: Edit): string {
  const same = ({ stage, index }: Edit) => stage === edit.stage && index.join() === edit.index.join();
  return editsToText([...editsFrom(edits).filter((one) => !same(one)), edit]);
}

export function editor(context: Context, trace: Trace, cell: Lit): TemplateResult {
  const { state, actions } = context;
  const stage = stageOf(trace, cell.stage);
  if (!stage) return html``;
  if (stage.op === "softmax") return html`<p class="hint">${text.fixed}</p>`;
  const value = valueAt(trace, stage, cell.index);
  const set = (value: number) =>
    actions.set({ edits: withEdit(state.edits, { stage: cell.stage, index: [...cell.index], value }) }, "push");
  const edits = editsFrom(state.edits);
  const edited = edits.some((edit) => covers(edit, cell.stage, cell.index));
  const back = () =>
    actions.set({ edits: editsToText(edits.filter((edit) => !covers(edit, cell.stage, cell.index))) }, "push");
  const onSubmit = (event: Event) => {
    event.preventDefault();
    const input = (event.target as HTMLFormElement).elements.namedItem("value") as HTMLInputElement;
    const asked = input.valueAsNumber;
    if (Number.isNaN(asked)) actions.refuse("edits", say.noNumber);
    else set(Number(shortest(Math.fround(asked))));
  };
  const shown = Number.isFinite(value) ? String(Number(shortest(value))) : "";
  return html`<section class="editor" aria-label=${text.title}>
    <h2>${text.title}</h2>
    ${edited ? html`<p class="hint" data-edited>${text.changed}</p>` : nothing}
    <form class="buttons" @submit=${onSubmit}>
      <input type="number" step="any" name="value" aria-label=${text.value} data-change .value=${shown} />
      <button class="quiet" type="submit">${text.set}</button>
      <button class="quiet" type="button" data-zero @click=${() => set(0)}>${text.zero}</button>
      ${edited ? html`<button class="quiet" type="button" data-back @click=${back}>${text.back}</button>` : nothing}
    </form>
    <div class="buttons">${drops(context, trace, cell, stage.axes)}</div>
  </section>`;
}

/** What else can be dropped, by the axes of the cell. */
function drops({ state, model, actions }: Context, trace: Trace, cell: Lit, axes: string[]): TemplateResult[] {
  const at = (axis: string) => cell.index[axes.indexOf(axis)];
  const made: TemplateResult[] = [];
  const button = (id: string, words: string, changes: () => Partial<State>) =>
    made.push(
      html`<button class="quiet" type="button" data-drop=${id} @click=${() => actions.set(changes(), "push")}>${words}</button>`,
    );
  const key = at("key");
  if (key !== undefined && axes.includes("query")) {
    const token = tokenName(trace, "key", key);
    const dropped = droppedKeys(state).includes(key);
    // The mask alone would mean an untrained run.
    const mask = () => ({ mask: toggled(state.mask, `*-${key}`), model: model || "none" });
    button("key", fill(dropped ? text.showKey : text.dropKey, { token }), mask);
  }
  const owner = key ?? at("token");
  if (cell.stage === "value" && owner !== undefined) {
    const token = tokenName(trace, key === undefined ? "query" : "key", owner);
    const edit = { stage: "value", index: [-1, owner, -1], value: 0 };
    button("values", fill(text.dropValues, { token }), () => ({ edits: withEdit(state.edits, edit) }));
  }
  const head = at("head");
  if (head !== undefined) {
    const edit = { stage: "mixed", index: [head, -1, -1], value: 0 };
    button("head", fill(text.dropHead, { n: head + 1 }), () => ({ edits: withEdit(state.edits, edit) }));
  }
  return made;
}

function toggled(mask: string, pair: string): string {
  const pairs = mask.split("_").filter(Boolean);
  return (pairs.includes(pair) ? pairs.filter((one) => one !== pair) : [...pairs, pair]).join("_");
}
