/** What hangs from a summary in the header. */

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

/** It closes with Escape, before that lets a held cell go. */
export function closeOnEscape(event: KeyboardEvent): void {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  event.preventDefault();
  const details = event.currentTarget as HTMLDetailsElement;
  details.open = false;
  details.querySelector("summary")?.focus();
}
