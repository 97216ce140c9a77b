/** What one looks at a large picture with: gestures, the overview, finding, filtering. Loaded when the first picture stands. */

import { html, nothing, type TemplateResult } from "lit";
import type { Trace } from "../../engine/types.ts";
import { tools as text } from "../../text/tools.ts";
import { WHOLE } from "../../timeline/course.ts";
import type { Layout } from "../../view/layout.ts";
import type { Palette } from "../../view/palette.ts";
import type { SceneView } from "../../view/scene-view.ts";
import type { Shade } from "../../view/tiles.ts";
import { Filtering, isFiltered, type Kept, shadeOf } from "../../view/tools/filter.ts";
import { Gestures } from "../../view/tools/gestures.ts";
import { Minimap } from "../../view/tools/minimap.ts";
import { Swipe } from "../../view/tools/swipe.ts";
import { editing } from "../keys.ts";
import type { Context } from "../parts/context.ts";
import { filterBar, filterNote } from "./filter.ts";
import { Finder } from "./find.ts";
import { adoptStyles } from "./styles.ts";

const ICONS = {
  find: "M8.5 3a5.5 5.5 0 1 0 3.4 9.8l4 4 1-1-4-4A5.5 5.5 0 0 0 8.5 3zm0 1.6a3.9 3.9 0 1 1 0 7.8 3.9 3.9 0 0 1 0-7.8z",
  filter: "M3 4h14l-5.5 6.5V16l-3 1.5v-7z",
};

export class Tools {
  readonly #view: SceneView;
  readonly #gestures: Gestures;
  readonly #swipe: Swipe;
  readonly #minimap: Minimap;
  readonly #finder: Finder;
  readonly #filtering = new Filtering();
  #open: "" | "find" | "filter" = "";
  #context: Context | undefined;
  #kept: Kept | undefined;
  #palette: Palette | undefined;
  /** What the numbers in cells were marked for. */
  #marked: { layout: Layout | undefined; shade: Shade | undefined } = { layout: undefined, shade: undefined };

  constructor(view: SceneView) {
    this.#view = view;
    adoptStyles(view.root.getRootNode() as ShadowRoot);
    this.#swipe = new Swipe(view, {
      frame: (side) => {
        const { course, frame, state } = this.#context ?? {};
        // A finger goes no further than the keys do.
        if (/transport/.test(state?.lock ?? "")) return undefined;
        const segment = course && frame && course.segments[course.segments.indexOf(frame.segment) + side];
        return segment && course.frame(segment.stage.id, WHOLE);
      },
      trace: () => this.#context?.trace,
      go: (stage) => this.#context?.actions.set({ stage, cell: WHOLE }, "push"),
    });
    this.#gestures = new Gestures(view, this.#swipe);
    this.#minimap = new Minimap(view, () => text.minimap);
    this.#finder = new Finder(view);
    view.root.addEventListener("keydown", (event) => this.#onSceneKey(event));
    view.drawn = () => this.#drawn();
  }

  /** Before the scene is drawn. */
  update(context: Context): void {
    this.#context = context;
    const kept = this.#known(context);
    const { palette } = context;
    if (kept !== this.#kept || !kept || palette !== this.#palette) this.#view.shade = undefined;
    this.#kept = kept;
    this.#palette = palette;
    if (kept) this.#view.shade ??= shadeOf(kept, palette);
  }

  /** What the filter keeps, once it is known; nothing where there is none. */
  kept(trace: Trace, { state, actions }: Pick<Context, "state" | "actions">): Kept | undefined {
    return this.#filtering.of(trace, state.head, state, actions.refresh);
  }

  #known(context: Context): Kept | undefined {
    return context.trace && this.kept(context.trace, context);
  }

  keyAction(event: KeyboardEvent): (() => void) | undefined {
    const { ctrlKey, metaKey, altKey, defaultPrevented } = event;
    if (defaultPrevented || ctrlKey || metaKey || altKey || editing(event)) return undefined;
    return this.#gestures.keyAction(event);
  }

  buttons(context: Context): TemplateResult {
    const weights = context.trace?.stages.some(({ id }) => id === "weights");
    const button = (tool: "find" | "filter", label: string) =>
      html`<button type="button" class="quiet" data-tool=${tool} aria-label=${label} title=${label} aria-expanded=${this.#open === tool}
        @click=${() => this.#toggle(tool)}><svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><path d=${ICONS[tool]}/></svg></button>`;
    return html`${button("find", text.find.button)}${weights ? button("filter", text.filter.button) : nothing}`;
  }

  /** The controls of the tool that is open, in the place of the legend: the picture stays as large as it is. */
  bar(context: Context): TemplateResult | undefined {
    if (this.#open === "") return undefined;
    const close = () => this.#close();
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      event.preventDefault();
      close();
    };
    const found = this.#open === "find";
    return html`<div class="tool" @keydown=${onKey}>${found ? this.#finder.bar(context, close) : filterBar(context, this.#known(context), close)}</div>`;
  }

  note(context: Context): TemplateResult | typeof nothing {
    return filterNote(context, this.#known(context));
  }

  #toggle(tool: "find" | "filter"): void {
    if (this.#open === tool) {
      this.#close();
      return;
    }
    this.#finder.close();
    this.#open = tool;
    this.#context?.actions.refresh();
  }

  /** The focus goes back to where the scene is. */
  #close(): void {
    this.#open = "";
    this.#finder.close();
    this.#context?.actions.refresh();
    this.#view.root.querySelector<HTMLElement>(".grid")?.focus({ preventScroll: true });
  }

  /** The keys that look for something, when the scene has the focus: elsewhere they are the browser's. */
  #onSceneKey(event: KeyboardEvent): void {
    const { key, ctrlKey, metaKey, altKey } = event;
    const slash = key === "/" && !ctrlKey && !metaKey;
    if (altKey || (!slash && !(key.toLowerCase() === "f" && ctrlKey !== metaKey))) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.#open !== "find") this.#toggle("find");
  }

  #drawn(): void {
    this.#swipe.drawn();
    this.#minimap.drawn();
    this.#finder.drawn();
    this.#mark();
  }

  /** Numbers on faded cells are set in a colour that can be read there. */
  #mark(): void {
    const { layout, shade, root } = this.#view;
    if (layout === this.#marked.layout && shade === this.#marked.shade) return;
    this.#marked = { layout, shade };
    const kept = this.#kept;
    for (const { part } of layout?.boxes ?? []) {
      const filtered = kept && isFiltered(kept, part.view);
      for (const cell of root.querySelectorAll<HTMLElement>(`.grid[data-view="${part.view.key}"] .cell`)) {
        const [row = 0, column = 0] = (cell.dataset.index ?? "").split(",").slice(-2).map(Number);
        cell.classList.toggle("faded", filtered === true && !kept.has(row, column));
      }
    }
  }
}
