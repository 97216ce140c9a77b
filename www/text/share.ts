/** What is said when a link is copied, or cannot be: loaded with the copying. */

import { part } from "./say.ts";

const shareInEnglish = {
  copied: "Link copied.",
  notCopied: "The browser did not let the link be copied:",
  linkTooLong: "This state needs {n} characters; a link holds {max}. Saved as a file instead: drop it here to open it.",
};

export type ShareWords = typeof shareInEnglish;

export let sharing = shareInEnglish;
part("sharing", shareInEnglish, (words) => {
  sharing = words;
});
