/** Of the networks that remember. */

import { css } from "lit";

export const rememberedStyles = css`
.remembered .recall { grid-template-columns: fit-content(46%) minmax(0, 1fr); gap: 4px 28px; }
.remembered .recall > .hint { width: 0; min-width: 100%; }
.remembered .recall > .about { grid-column: 1 / -1; }
.remembered .curves { grid-area: 2 / 2; align-content: start; }
.remembered .curves + .hint { grid-area: 3 / 2; }
@container (max-width: 899px) {
  .remembered .recall { grid-template-columns: minmax(0, 1fr); }
  .remembered .curves, .remembered .curves + .hint { grid-area: auto; }
}
`;
