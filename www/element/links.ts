/**
 * Links in the prose around that drive an element: `<a data-attention-goto="weights,0,9,5">`, with `data-attention-for="id"` where it is
 * not the nearest. Loaded with the first of them.
 */

import { drivenBy } from "./driven.ts";

/** Links without an address are none for the keyboard, unless they are made such. */
export function prepare(links: string): void {
  for (const link of document.querySelectorAll<HTMLElement>(`:is(${links}):not([href], button, [role])`)) {
    link.setAttribute("role", "link");
    link.tabIndex = 0;
    link.addEventListener("keydown", ({ key }) => key === "Enter" && link.click());
  }
}

export async function follow(link: Element): Promise<void> {
  const play = drivenBy(link);
  if (!play) return;
  const [stage = "", ...index] = link.getAttribute("data-attention-goto")?.split(",") ?? [];
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  // It starts when it comes near.
  play.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
  try {
    await play.ready;
    play.goto(stage.trim(), index.length > 0 ? index.map(Number) : undefined);
  } catch (thrown) {
    const detail = { code: "link", message: (thrown as Error).message, source: "api" };
    play.dispatchEvent(new CustomEvent("error", { detail, composed: true }));
  }
}
