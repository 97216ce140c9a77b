/** What hangs in the header and under it: how it is loaded, has the focus and closes. */

import { say } from "../../text/say.ts";
import type { Actions } from "./context.ts";

/** What is loaded when its fold is first opened. Where it does not come, the fold closes and the reader is told. */
export class Hanging<P> {
  panel: P | undefined;
  readonly #load: () => Promise<P>;

  constructor(load: () => Promise<P>) {
    this.#load = load;
  }

  readonly onToggle =
    (actions: Actions, open: (panel: P, details: HTMLDetailsElement) => void) => async (event: Event) => {
      const details = event.target as HTMLDetailsElement;
      if (!details.open) return;
      try {
        this.panel ??= await this.#load();
      } catch {
        details.open = false;
        actions.tell(() => say.notLoaded);
        return;
      }
      // Closed, or opened once more, while it was on its way.
      if (details.open) open(this.panel, details);
    };
}

/** What hangs there closes with Escape, before that lets a held cell go. */
export const onEscape = (close: (root: HTMLElement) => void) => (event: KeyboardEvent) => {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  event.preventDefault();
  close(event.currentTarget as HTMLElement);
};

export const closeOnEscape = onEscape((details) => {
  (details as HTMLDetailsElement).open = false;
  details.querySelector("summary")?.focus();
});

/** The element of the page around it from which it was opened. */
export const focusOn = (from: HTMLElement, selector: string): void =>
  (from.getRootNode() as ShadowRoot).querySelector<HTMLElement>(selector)?.focus();

/** What is opened has the focus as soon as it stands in the page. */
export const focused = (opened?: Element): void => queueMicrotask(() => (opened as HTMLElement | undefined)?.focus());
