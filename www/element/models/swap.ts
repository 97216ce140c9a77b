/** Other words for a word of the text: those that the model knows, those of its kind first. */

import { html, nothing, type TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import { textsOf } from "../../model/data.ts";
import type { Played } from "../../model/play.ts";
import { type Piece, wordsOf } from "../../model/vocabulary.ts";
import { models } from "../../text/models.ts";
import { fill, say } from "../../text/say.ts";
import type { Context } from "../parts/context.ts";

interface Group {
  name: string;
  words: string[];
}

const lower = (piece: Piece | undefined) => piece?.text.toLowerCase() ?? "";

/** The words of the text, if they are the tokens on show. */
function piecesOf({ text, output, data }: Played): Piece[] {
  const pieces = text !== undefined && data.menu ? wordsOf(text) : [];
  return pieces.length === output?.tokens.length ? pieces : [];
}

/** Nothing where the word has no kind, and is known. */
function groupsFor(played: Played, at: number): Group[] {
  const pieces = piecesOf(played);
  const word = lower(pieces[at]);
  if (!pieces[at]) return [];
  const kinds = Object.entries(played.data.menu ?? {});
  const own = kinds.filter(([, words]) => words.includes(word));
  if (own.length === 0 && !played.unknown.has(at)) return [];
  const rest = kinds.filter((kind) => !own.includes(kind));
  const groups = [...own, ...rest].map(([name, words]) => ({ name, words }));
  const close = closeWords(played, pieces, at);
  return close.length > 0 ? [{ name: models.groups.example ?? "", words: close }, ...groups] : groups;
}

/** What stands here in examples that are the same in every other word. */
function closeWords({ data }: Played, pieces: Piece[], at: number): string[] {
  const bare = (words: Piece[]) => words.filter((word) => word.text !== ".").map(lower);
  const mine = bare(pieces);
  const found = textsOf(data).flatMap((text) => {
    const other = bare(wordsOf(text));
    const differ = other.flatMap((word, n) => (word === mine[n] ? [] : [n]));
    return other.length === mine.length && differ.length === 1 && differ[0] === at ? [other[at] ?? ""] : [];
  });
  return [...new Set(found)];
}

export function swapButton(context: Context, at: number): TemplateResult | typeof nothing {
  const { played, actions, menuAt } = context;
  if (!played || groupsFor(played, at).length === 0) return nothing;
  const label = fill(models.swap, { word: played.trace.tokens.key[at] ?? "" });
  return html`<button type="button" class="swap" data-swap=${at} tabindex="-1" aria-haspopup="listbox" aria-expanded=${menuAt === at} aria-label=${label} title=${label}
    @click=${() => actions.openMenu(menuAt === at ? -1 : at)}>▾</button>`;
}

/** The open list, over everything, below its word. */
export function swapList(context: Context): TemplateResult | typeof nothing {
  const { played, actions, menuAt } = context;
  const groups = played && menuAt >= 0 ? groupsFor(played, menuAt) : [];
  const piece = played && piecesOf(played)[menuAt];
  if (!played || !piece || groups.length === 0) return nothing;
  const close = (inList: EventTarget | null) => {
    const root = (inList as HTMLElement).getRootNode() as ParentNode;
    root.querySelector<HTMLElement>(`[data-token="${menuAt}"]`)?.focus();
    actions.openMenu(-1);
  };
  const pick = (event: Event, word: string) => {
    close(event.currentTarget);
    const text = played.text ?? "";
    const end = piece.at + piece.text.length;
    actions.set({ text: text.slice(0, piece.at) + cased(word, piece.text) + text.slice(end) }, "push");
  };
  const onFocusOut = (event: FocusEvent) => {
    const to = event.relatedTarget as Node | null;
    if (!(event.currentTarget as HTMLElement).contains(to)) actions.openMenu(-1);
  };
  const word = lower(piece);
  return html`<div class="words" popover="manual" role="listbox" aria-label=${fill(models.swap, { word: piece.text })}
    @keydown=${(event: KeyboardEvent) => onKey(event, close)} @focusout=${onFocusOut} ${ref((list) => place(list, menuAt, word))}>
    ${groups.map(
      ({
        name,
        words,
      }) => html`<div role="group" aria-label=${name}><span class="group-name" aria-hidden="true">${name}</span>
        ${words.map(
          (one) =>
            html`<button type="button" role="option" tabindex="-1" aria-selected=${one === word} data-word=${one} @click=${(event: Event) => pick(event, one)}>${one}</button>`,
        )}</div>`,
    )}
  </div>`;
}

/** A word at the beginning of a sentence stays capital. */
function cased(word: string, before: string): string {
  const [first = ""] = before;
  return first !== first.toLowerCase() ? `${word.slice(0, 1).toUpperCase()}${word.slice(1)}` : word;
}

const GAP = 4;

/** Opens the list below its word, within the window, and goes to the word as it is. */
function place(list: Element | undefined, at: number, word: string): void {
  if (!(list instanceof HTMLElement) || list.dataset.at === String(at)) return;
  list.dataset.at = String(at);
  // The template is in the page when its ref is called, but its options need a moment.
  queueMicrotask(() => {
    const root = list.getRootNode() as ParentNode;
    const token = root.querySelector<HTMLElement>(`[data-token="${at}"]`)?.getBoundingClientRect();
    if (!token || !list.isConnected) return;
    list.showPopover();
    const { width, height } = list.getBoundingClientRect();
    list.style.left = `${Math.max(GAP, Math.min(token.left, innerWidth - width - GAP))}px`;
    list.style.top = `${Math.min(token.bottom + GAP, Math.max(GAP, innerHeight - height - GAP))}px`;
    const options = [...list.querySelectorAll<HTMLElement>("[role=option]")];
    (options.find((option) => option.dataset.word === word) ?? options[0])?.focus({ preventScroll: false });
  });
}

function onKey(event: KeyboardEvent, close: (inList: EventTarget | null) => void): void {
  const options = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[role=option]")];
  const here = options.indexOf(event.target as HTMLElement);
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  const letter = /^\p{L}$/u.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey;
  let to: HTMLElement | undefined;
  if (event.key === "Escape" || event.key === "Tab") close(event.currentTarget);
  else if (event.key === "Home") to = options[0];
  else if (event.key === "End") to = options.at(-1);
  else if (step) to = options[Math.min(options.length - 1, Math.max(0, here + step))];
  else if (letter) {
    const starts = (option: HTMLElement) => option.dataset.word?.startsWith(event.key.toLowerCase());
    to = options.slice(here + 1).find(starts) ?? options.find(starts);
  } else return;
  event.preventDefault();
  event.stopPropagation();
  to?.focus();
}

/** Which words are not known, said once below the sentence. */
export function unknownWords({ played, actions }: Context): TemplateResult | typeof nothing {
  if (!played || played.unknown.size === 0) return nothing;
  const words = [...played.unknown].map((n) => `“${played.trace.tokens.key[n] ?? ""}”`).join(", ");
  return html`<p class="hint unknown-words">${fill(models.unknownMany, { token: played.vocabulary.unknown, words })}
    <button type="button" class="quiet" @click=${() => actions.useModel("none", { text: played.text ?? "" })}>${say.models.untrainedInstead}</button></p>`;
}
