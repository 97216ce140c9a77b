/** What words and formulas mean: loaded when the first picture stands and the page is idle. */

export { formula } from "./formula.ts";
export { attach, hide, settle } from "./popover.ts";
