/** Which element a link in the prose drives. */

import type { AttentionPlayground } from "./attention-playground.ts";

/** The one that is named, else the first one in the smallest part of the page around the link that has any. */
export function drivenBy(link: Element): AttentionPlayground | null {
  const name = link.getAttribute("data-attention-for");
  if (name !== null) return link.ownerDocument.getElementById(name) as AttentionPlayground | null;
  for (let around = link.parentElement; around; around = around.parentElement) {
    const found = around.querySelector<AttentionPlayground>("attention-playground");
    if (found) return found;
  }
  return document.querySelector<AttentionPlayground>("attention-playground");
}
