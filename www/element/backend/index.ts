/** All of the page that is for the choice between CPU and GPU: loaded when it is opened, or when there is something to say. */

export { noticeOf } from "../../text/backend.ts";
export { open, panel } from "./panel.ts";
