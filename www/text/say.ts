/**
 * The catalogue in use: English, until an element speaks another language. Everything the page says is read from it at the moment it
 * is drawn, and elements are drawn one after the other: so each can have its own.
 */

import { en } from "./en.ts";

export type Catalogue = typeof en;

export let say: Catalogue = en;

export function speak(catalogue: Catalogue): void {
  say = catalogue;
}

/** Fills the slots of a message with plain text. */
export function fill(message: string, slots: Record<string, string | number>): string {
  return message.replace(/\{(\w+)\}/g, (whole, name: string) => (name in slots ? String(slots[name]) : whole));
}
