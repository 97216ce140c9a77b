/** Slots in a text of a lesson: `{weights,1,it,street}`, or `{weights,1,it,street|%}` as a share. */

export const SLOT = /(\{[^{}]*\})/;
const PERCENT = "|%";

/** The slots of a text, without their braces. */
export const slotsOf = (text: string): string[] =>
  text.split(SLOT).flatMap((piece) => (SLOT.test(piece) ? [piece.slice(1, -1)] : []));

/** What a slot asks for, and whether as a share. */
export function readSlot(slot: string): { expression: string; percent: boolean } {
  const percent = slot.endsWith(PERCENT);
  return { expression: percent ? slot.slice(0, -PERCENT.length) : slot, percent };
}
