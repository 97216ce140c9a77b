/** Styles of what is loaded later, into the element's own root, once. */

import type { CSSResult } from "lit";

export function adopt(root: ShadowRoot, styles: readonly CSSResult[]): void {
  for (const { styleSheet } of styles)
    if (styleSheet && !root.adoptedStyleSheets.includes(styleSheet)) root.adoptedStyleSheets.push(styleSheet);
}
