/** Terms of the glossary within a message, marked `[[key]]` or `[[key|as it stands in the sentence]]`. */

export interface Term {
  term: string;
  text: string;
}

const MARK = /\[\[(\w+)(?:\|([^\]]*))?\]\]/;

/** The message in its pieces. */
export function marked(message: string): (string | Term)[] {
  // Every third piece is text; the two between are the key and the words of a mark.
  const pieces = message.split(MARK);
  return pieces.flatMap((piece, n): (string | Term)[] => {
    if (n % 3 === 0) return piece ? [piece] : [];
    return n % 3 === 1 ? [{ term: piece, text: pieces[n + 1] ?? piece }] : [];
  });
}

/** Without its marks, as it is spoken. */
export const unmarked = (message: string): string =>
  marked(message)
    .map((piece) => (typeof piece === "string" ? piece : piece.text))
    .join("");
