/** Where models come from, besides the page itself: the reader's own files, and a hub by name. */

export { filesFromDrop, type ModelFiles, modelFromFiles } from "./files.ts";
export {
  fetchFromHub,
  findOnHub,
  forgetHub,
  HUB,
  type HubFetch,
  type HubFile,
  type HubModel,
  type HubPlace,
} from "./hub.ts";
