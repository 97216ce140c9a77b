/** All of the page that is for sharing and taking away: loaded when "Share" is opened. */

export { open, panel } from "./panel.ts";
