/** What the panel scrolls to: a complaint that is new, and the equation of a cell that was clicked. The page itself does not scroll. */

import type { Context } from "./parts/context.ts";

export class InView {
  #said = "";
  #heldCell = "";

  /** `told`: the cell that a lesson holds, which is told of in the lesson, above. */
  update(root: ParentNode, { problems, state }: Context, told: string | undefined): void {
    const panel = root.querySelector<HTMLElement>(".panel");
    const said = [...problems.values()].join();
    if (said !== this.#said) {
      this.#said = said;
      reveal(panel, ".problem", (below) => below + 8);
    }
    if (state.pin !== this.#heldCell) {
      this.#heldCell = state.pin;
      if (state.pin && state.pin !== told) reveal(panel, ".equation", (below) => (below > 0 ? below + 4 : 0));
    }
  }
}

/** `by`: how far the panel scrolls for what ends so far below its lower edge. */
function reveal(panel: HTMLElement | null, what: string, by: (below: number) => number): void {
  const found = panel?.querySelector(what);
  if (!panel || !found) return;
  panel.scrollTop += by(found.getBoundingClientRect().bottom - panel.getBoundingClientRect().bottom);
}
