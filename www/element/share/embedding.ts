/** The ways onto other pages: the code for each, what it weighs there, and how it will look. */

import { html, nothing, type TemplateResult } from "lit";
import { DEFAULT_MODEL } from "../../model/shipped.ts";
import { modelOf } from "../../state/choice.ts";
import { MAX_URL } from "../../state/codec.ts";
import { FIELDS, type State } from "../../state/fields.ts";
import { fill } from "../../text/say.ts";
import { take } from "../../text/take.ts";
import { onDemand } from "../on-demand.ts";
import { attributesOf, snippet, WAYS, type Way } from "./snippets.ts";

/** The folder of the element's own files. */
const HERE = import.meta.url;
const BASE = new URL("./", HERE).href;
const KB = 1000;

/** As the build has measured them, for an element on a page. */
interface Sizes {
  withoutModel: number;
  withModel: number;
}

const fetchSizes = onDemand(async (): Promise<Sizes> => (await fetch(new URL("sizes.json", BASE))).json());

/** What brings more with it than was measured. */
const BRINGS_MORE = ["lesson", "edits", "mask", "backend", "lang", "zoom", "pin", "show"] as const;

/** Undefined where nobody has measured it. */
function measured(sizes: Sizes | undefined, way: Way, state: State): number | undefined {
  if (way !== "element" || BRINGS_MORE.some((name) => state[name] !== FIELDS[name].default)) return undefined;
  const model = modelOf(state);
  if (model === "") return sizes?.withoutModel;
  return model === DEFAULT_MODEL ? sizes?.withModel : undefined;
}

/** What happens in the preview is not of this page. */
const INSIDE = ["keydown", "step-change", "select", "state-change"];

export class Embedding {
  #way: Way = "element";
  #without: string[] = [];
  #previewing = false;
  #sizes: Sizes | undefined;
  readonly #changed: () => void;
  readonly #copy: (text: string, field: HTMLElement | undefined) => void;
  #preview: { key: string; element: HTMLElement } | undefined;

  constructor(changed: () => void, copy: (text: string, field: HTMLElement | undefined) => void) {
    this.#changed = changed;
    this.#copy = copy;
    // Without them nothing is said of what it weighs.
    const found = (sizes: Sizes) => {
      this.#sizes = sizes;
      changed();
    };
    fetchSizes().then(found, () => undefined);
  }

  draw(saved: State): TemplateResult {
    const hide = [...new Set([...saved.hide.split(",").filter(Boolean), ...this.#without])].join(",");
    const state = { ...saved, hide };
    const code = snippet(this.#way, state, BASE);
    const bytes = measured(this.#sizes, this.#way, state);
    return html`<h2>${take.embed}</h2>
      <fieldset class="choices" role="radiogroup" aria-label=${take.embed}>${WAYS.map(
        (way) => html`<label><input type="radio" name="way" value=${way} .checked=${way === this.#way}
          @change=${() => this.#set(() => (this.#way = way))}/>${take.ways[way]}</label>`,
      )}</fieldset>
      <fieldset class="choices"><legend>${take.without}</legend>${FIELDS.hide.choices?.map(
        (part) => html`<label><input type="checkbox" data-without=${part} .checked=${this.#without.includes(part)}
          @change=${() => this.#set(() => this.#toggle(part))}/>${take.parts[part] ?? part}</label>`,
      )}</fieldset>
      ${
        code === undefined
          ? html`<p class="note">${fill(take.tooLongFor, { max: MAX_URL })}</p>`
          : html`<pre tabindex="0" aria-label=${take.ways[this.#way] ?? ""} data-snippet=${this.#way}>${code}</pre>
            <div class="line"><button type="button" class="quiet" data-copy-snippet @click=${(event: Event) => this.#copy(code, codeBeside(event))}>${take.copy}</button>
            ${bytes ? html`<span class="note" data-weighs=${bytes}>${fill(take.weighs, { kb: Math.ceil(bytes / KB) })}</span>` : nothing}</div>`
      }
      ${state.model === "own" ? html`<p class="note" data-own>${take.ownModel}</p>` : nothing}
      <label><input type="checkbox" data-preview .checked=${this.#previewing} @change=${() => this.#set(() => (this.#previewing = !this.#previewing))}/>${take.preview}</label>
      ${this.#previewing ? html`<div class="preview" role="region" aria-label=${take.previewTitle}>${this.#previewOf(state)}</div>` : nothing}`;
  }

  #set(change: () => void): void {
    change();
    this.#changed();
  }

  #toggle(part: string): void {
    const { length } = this.#without;
    this.#without = this.#without.filter((one) => one !== part);
    if (this.#without.length === length) this.#without.push(part);
  }

  /** The element itself, as the code would have it: another one for each other code. */
  #previewOf(state: State): HTMLElement {
    const attributes = attributesOf(state);
    const key = JSON.stringify(attributes);
    if (this.#preview?.key === key) return this.#preview.element;
    const element = document.createElement("attention-playground");
    for (const [name, value] of attributes) element.setAttribute(name, value);
    for (const event of INSIDE) element.addEventListener(event, (inside) => inside.stopPropagation());
    this.#preview = { key, element };
    return element;
  }
}

const codeBeside = ({ currentTarget }: Event): HTMLElement | undefined =>
  (currentTarget as HTMLElement).parentElement?.previousElementSibling as HTMLElement | undefined;
