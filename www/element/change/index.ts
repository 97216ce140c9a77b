/** All of the page that is for changing numbers: what it takes in, what follows, and where a number goes. */

export { noteOf, pictured } from "./difference.ts";
export { comparison, panel } from "./panel.ts";
