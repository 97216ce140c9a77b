/** Text that came from outside, on its way into a file: nothing in it is left that steers a reader instead of being read. */

/** Controls have pictures of themselves, from here on in Unicode. */
const PICTURES = 0x2400;
const DELETE = "\u2421";
const REPLACEMENT = "\ufffd";

/** Controls, marks that turn the direction of what follows, and halves of pairs; what XML has no place for, too. */
const STEERS = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/gu;

export function visible(text: string): string {
  return text.replace(STEERS, (mark) => {
    const code = mark.charCodeAt(0);
    if (code < 32) return String.fromCharCode(PICTURES + code);
    return code === 127 ? DELETE : REPLACEMENT;
  });
}
