/** The words for the reader's own model: loaded with the panel that asks for it. */

import { part } from "./say.ts";

const ownInEnglish = {
  title: "Your own model",
  help: "BERT, GPT-2 or BART, or a ViT that reads 8 × 8 pixels, as config.json, model.safetensors and tokenizer.json. The files stay on this machine. Drop them or their folder here.",
  files: "Choose files",
  folder: "Choose a folder",
  hub: "Or by name from {host}",
  hubName: "owner/name",
  find: "Ask {host} what there is",
  found: "{name} on {host}: {size} to fetch.",
  noSize: "a size that the host does not tell",
  fetch: "Fetch {size} from {host}",
  keep: "Keep it in this browser",
  forget: "Forget all that was kept",
  forgotten: "Nothing is kept any more.",
  busy: "Asking {host}…",
  close: "Close",
};

export type OwnWords = typeof ownInEnglish;

export let own = ownInEnglish;
part("own", ownInEnglish, (words) => {
  own = words;
});
