/** Of the drawing of a digit, and of what is read in it. */

import { css } from "lit";
import { hidden } from "../hidden.ts";

export const digitStyles = css`
.digits-row { flex-wrap: wrap; gap: 4px; font-size: 14px; }
.digits-row .quiet { min-width: 30px; padding: 3px 8px; }
.digit { display: flex; gap: 12px; }
.digit figure { margin: 0; flex: 1 1 0; max-width: 168px; min-width: 0; }
.digit figcaption { font-size: 13px; color: var(--soft); padding-bottom: 2px; }
.pad { display: block; width: 100%; aspect-ratio: 1; border: 1px solid var(--line); border-radius: 4px; background: var(--paper); touch-action: none; cursor: crosshair; }
.image { position: relative; aspect-ratio: 1; border: 1px solid var(--line); border-radius: 4px; overflow: hidden; }
.pixels, .patches { position: absolute; inset: 0; display: grid; }
.pixels { grid-template: repeat(8, 1fr) / repeat(8, 1fr); }
.pixel { border: 0; padding: 0; background: color-mix(in srgb, var(--text) calc(var(--ink) * 60%), var(--paper)); }
.pixel:focus-visible { outline-offset: -2px; z-index: 1; }
.patches { grid-template: repeat(4, 1fr) / repeat(var(--columns), 1fr); pointer-events: none; }
.patch { display: grid; place-items: center; font-size: 12px; border: 1px solid var(--line); letter-spacing: -0.03em; box-shadow: inset 0 0 0 calc(var(--share) * 5px) var(--query); }
.patch span { background: color-mix(in srgb, var(--page) 82%, transparent); border-radius: 3px; padding: 0 1px; line-height: 15px; white-space: nowrap; }
@container (max-width: 520px) {
  .digits-row .take { ${hidden} }
  .digits-row { flex-wrap: nowrap; gap: 3px; }
  .digits-row .quiet { min-width: 0; flex: 1 1 26px; padding: 3px 2px; }
  .digits-row [data-clear] { flex: 0 0 auto; padding: 3px 7px; }
}
`;
