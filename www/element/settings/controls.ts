/** The controls: each stands for one field of the state, only emits changes, and shows beside it what was wrong. */

import { html, nothing, type TemplateResult } from "lit";
import { FIELDS, type Field, type State } from "../../state/fields.ts";
import { fill, say } from "../../text/say.ts";
import { settings } from "../../text/settings.ts";
import { formatCell } from "../../view/format.ts";
import type { Context } from "../parts/context.ts";
import { problem } from "../parts/problem.ts";

type FieldName = keyof State;

/** The fields that have a control now: the first ones, and those under "More settings". */
export function controlFields({ mode, state }: Context): { first: FieldName[]; more: FieldName[]; linear: boolean } {
  const given = mode === "matrices";
  const first: FieldName[] = ["heads", "headDim", "causal", "scale", "position", "seed"];
  const linear = !["self", "cross"].includes(state.attention);
  const more: FieldName[] = ["attention", "kvHeads"];
  if (!linear) more.push("window", "softcap");
  if (state.attention.startsWith("gated")) more.push("decay");
  if (state.attention.endsWith("delta")) more.push("beta");
  // What own weights, or own queries, keys and values, leave nothing to do for.
  const idle = given && (state.matrices?.wq || state.matrices?.q) ? ["headDim", "seed"] : [];
  const shown = first.filter((name) => !idle.includes(name) && !(linear && name === "causal"));
  if (state.mask) more.push("mask");
  return { first: shown, more, linear };
}

export function controls(context: Context): TemplateResult {
  const { state, actions } = context;
  const { first, more, linear } = controlFields(context);
  const fields = (names: FieldName[]) => html`<div class="fields">${names.map((name) => control(name, context))}</div>`;
  return html`<section class="controls" aria-label=${settings.label}>
    ${fields(first)}
    <details .open=${context.moreOpen || more.some((name) => context.problems.has(name) || state[name] !== FIELDS[name].default)}
      @toggle=${(event: Event) => context.actions.openMore((event.target as HTMLDetailsElement).open)}><summary>${settings.more}</summary>
    ${fields(more)}
    ${
      linear
        ? nothing
        : html`<label class="check"><input type="checkbox" .checked=${context.maskEdit}
      @change=${(event: Event) => actions.editMask((event.target as HTMLInputElement).checked)}/> ${settings.maskEdit}</label>`
    }</details>
  </section>`;
}

function control(name: FieldName, context: Context): TemplateResult {
  const label = say.controls[name] ?? name;
  const hint = settings.hints[name];
  return html`<div class="field">
    <label title=${settings.glosses[name] ?? ""}><span>${label}</span>${editor(name, FIELDS[name] as Field<unknown>, context)}</label>
    ${hint ? html`<span class="hint">${hint}</span>` : nothing}
    ${problem(name, context)}
  </div>`;
}

/** What an empty control stands for, with the number that is used. */
function placeholder(name: FieldName, trace: Context["trace"]): string {
  const used = name === "scale" ? trace?.config.scale : name === "kvHeads" ? trace?.config.kvHeads : undefined;
  return used === undefined
    ? settings.none
    : fill(settings.auto, { n: Number.isInteger(used) ? used : formatCell(used) });
}

function editor(name: FieldName, field: Field<unknown>, context: Context): TemplateResult {
  const { state, actions, problems } = context;
  const value = field.auto !== undefined && state[name] === field.auto ? "" : state[name];
  const invalid = problems.has(name) ? "true" : nothing;
  const described = problems.has(name) ? `problem-${name}` : nothing;
  const emit = (raw: unknown) => actions.set({ [name]: raw } as Partial<State>, "push");
  const onText = (event: Event) => {
    const input = event.target as HTMLInputElement;
    if (input.validity.badInput) actions.refuse(name, say.noNumber);
    else emit(input.value === "" && field.auto !== undefined ? field.auto : input.value);
  };
  if (field.type === "boolean") {
    return html`<input type="checkbox" data-field=${name} .checked=${Boolean(value)} @change=${(event: Event) => emit((event.target as HTMLInputElement).checked)}/>`;
  }
  if (field.type === "choice") {
    return html`<select data-field=${name} .value=${String(value)} @change=${(event: Event) => emit((event.target as HTMLSelectElement).value)}>
      ${field.choices?.map((choice) => html`<option value=${choice} ?selected=${choice === value}>${say.choices[choice] ?? choice}</option>`)}
    </select>`;
  }
  if (field.type === "text") {
    return html`<input type="text" data-field=${name} .value=${String(value)} aria-invalid=${invalid} aria-describedby=${described} @change=${onText}/>`;
  }
  const step = field.type === "integer" ? "1" : "any";
  return html`<input type="number" data-field=${name} step=${step} placeholder=${field.auto === undefined ? nothing : placeholder(name, context.trace)} min=${field.min ?? nothing} max=${field.max ?? nothing}
      .value=${String(value)} aria-invalid=${invalid} aria-describedby=${described} @change=${onText}/>
    ${name === "seed" ? html`<button type="button" class="quiet" @click=${() => emit(((value as number) + 1) % ((field.max ?? 0) + 1))}>${settings.newSeed}</button>` : nothing}`;
}
