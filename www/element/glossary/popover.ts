/** A term that is pointed at, focused or tapped says what it means, beside the sentence that it stands in and never over it. */

import { glossary } from "../../text/glossary.ts";
import { adopt } from "../adopt.ts";
import { styles } from "./styles.ts";

const GAP = 6;
/** Milliseconds before a pointer that only passes opens anything, and before one that leaves closes it: it may go to the gloss itself. */
const OPENS = 120;
const CLOSES = 220;

interface Open {
  term: HTMLElement;
  key: string;
}

class Gloss {
  readonly #root: ShadowRoot;
  readonly #speak: () => void;
  readonly #place = Object.assign(document.createElement("div"), { className: "gloss", id: "gloss" });
  #open: Open | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `speak`: what is said from then on is in the language of the element. */
  constructor(root: ShadowRoot, speak: () => void) {
    this.#root = root;
    this.#speak = speak;
    this.#place.setAttribute("popover", "manual");
    this.#place.setAttribute("role", "tooltip");
    const of = (event: Event) => (event.target as Element).closest<HTMLElement>(".term");
    root.addEventListener("pointerover", (event) => {
      if ((event as PointerEvent).pointerType === "touch") return;
      const term = of(event);
      if (term) this.#later(OPENS, () => this.#show(term));
      else if (this.#place.contains(event.target as Node)) clearTimeout(this.#timer);
      else this.#later(CLOSES, () => this.#leave());
    });
    (root.host as HTMLElement).addEventListener("pointerleave", () => this.#later(CLOSES, () => this.#leave()));
    root.addEventListener("focusin", (event) => {
      const term = of(event);
      if (term) this.#show(term);
    });
    root.addEventListener("focusout", (event) => {
      if (of(event)) this.hide();
    });
    root.addEventListener("click", (event) => {
      const term = of(event);
      if (!term) return;
      clearTimeout(this.#timer);
      if (this.#open?.term === term && (event as PointerEvent).pointerType === "touch") this.hide();
      else this.#show(term);
    });
  }

  #later(wait: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, wait);
  }

  /** The pointer is gone: what has the focus still says what it means. */
  #leave(): void {
    if (this.#open && this.#open.term !== this.#root.activeElement) this.hide();
  }

  #show(term: HTMLElement): void {
    clearTimeout(this.#timer);
    if (!term.isConnected) return;
    this.#speak();
    const key = term.dataset.term ?? "";
    const meaning = glossary.terms[key];
    const page = this.#root.querySelector(".page");
    if (!meaning || !page) return;
    if (this.#open) this.hide();
    const [name, text] = meaning;
    this.#place.replaceChildren(Object.assign(document.createElement("strong"), { textContent: name }), text);
    // Within the page it has the colours of the page.
    page.append(this.#place);
    this.#place.showPopover();
    term.setAttribute("aria-describedby", this.#place.id);
    this.#open = { term, key };
    this.#settle(term);
    document.addEventListener("keydown", this.#onKey, { capture: true });
    document.addEventListener("pointerdown", this.#onPress, { capture: true });
    addEventListener("scroll", this.#onScroll, { capture: true, passive: true });
  }

  /** Below the section of the term, else above it; where it is too high for both, beside the line alone. */
  #settle(term: HTMLElement): void {
    const section = term.closest("section, p, li")?.getBoundingClientRect();
    const line = term.getBoundingClientRect();
    const { width, height } = this.#place.getBoundingClientRect();
    const fits = (y: number) => y >= GAP && y + height <= innerHeight - GAP;
    const places = [section, line].flatMap((rect) => (rect ? [rect.bottom + GAP, rect.top - GAP - height] : []));
    const y = places.find(fits) ?? line.bottom + GAP;
    const x = Math.max(GAP, Math.min(line.left, innerWidth - width - GAP));
    this.#place.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  hide(): void {
    clearTimeout(this.#timer);
    this.#open?.term.removeAttribute("aria-describedby");
    this.#open = undefined;
    if (this.#place.isConnected) this.#place.hidePopover();
    this.#place.remove();
    document.removeEventListener("keydown", this.#onKey, { capture: true });
    document.removeEventListener("pointerdown", this.#onPress, { capture: true });
    removeEventListener("scroll", this.#onScroll, { capture: true });
  }

  /** The sentence may have become another. */
  settle(): void {
    const { term, key } = this.#open ?? {};
    if (term && (!term.isConnected || term.dataset.term !== key)) this.hide();
  }

  /** Before it lets a held cell go. */
  readonly #onKey = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.hide();
  };

  readonly #onPress = (event: Event) => {
    const path = event.composedPath();
    if (this.#open && !path.includes(this.#open.term) && !path.includes(this.#place)) this.hide();
  };

  readonly #onScroll = () => this.hide();
}

const glosses = new WeakMap<ShadowRoot, Gloss>();

/** Once for each element's root. */
export function attach(root: ShadowRoot, speak: () => void): void {
  if (glosses.has(root)) return;
  adopt(root, [styles]);
  glosses.set(root, new Gloss(root, speak));
}

/** The element is taken out of the page. */
export const hide = (root: ShadowRoot): void => glosses.get(root)?.hide();

export const settle = (root: ShadowRoot): void => glosses.get(root)?.settle();
