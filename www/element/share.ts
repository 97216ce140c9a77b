/** The state on its way out: as a link, or, where it is too long for one, as a file. Gives the sentence that says which. */

import { MAX_URL, toJson } from "../state/codec.ts";
import type { Store } from "../state/store.ts";
import { fill, type Said } from "../text/say.ts";
import { sharing } from "../text/share.ts";

export async function share(store: Store): Promise<Said> {
  const link = store.link();
  if (!link) {
    const json = toJson(store.state);
    save(new Blob([json], { type: "application/json" }), "attention-playground.json");
    return () => fill(sharing.linkTooLong, { n: json.length, max: MAX_URL });
  }
  const copied = await navigator.clipboard?.writeText(link).then(
    () => true,
    () => false,
  );
  return () => (copied ? sharing.copied : `${sharing.notCopied} ${link}`);
}

function save(blob: Blob, name: string): void {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(blob);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
}
