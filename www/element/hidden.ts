import { css } from "lit";

/** Of what has no room on the screen, and is read aloud all the same. The page around the element has its own, in site.css. */
export const hidden = css`position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;`;
