/** How the page fits into the room that its host gives it: one column or two, close lines, picture and transport first, or a scroll of its own. */

/** From this width on the panel stands beside the picture, as the styles have it. */
const TWO_COLUMNS = 900;
/** From this height on the usual lines leave the picture the height that its numbers need. */
const LOW = 840;
/** A host that gives less height than this gets the picture and the transport first, the rest under a fold. */
const COMPACT = 620;
/** What hangs out by less is let be. */
const TIGHT = 40;

export class Fit {
  /** One column. */
  narrow = false;
  /** Lines close to each other, so that the picture keeps its height. */
  low = false;
  /** Picture and transport first. */
  compact = false;
  /** More than the host has room for: the page scrolls in it. */
  bounded = false;
  /** A low window is one whether or not the page is as high as it. */
  readonly lowWindow = globalThis.matchMedia?.(`(max-height: ${LOW - 1}px)`);

  /** Measures anew, and tells whether that changes anything. */
  measure(host: HTMLElement, page: HTMLElement | null): boolean {
    const [height, needed] = [host.clientHeight, page ? heightOf(page) : 0];
    const over = needed > height + 1;
    const narrow = host.clientWidth < TWO_COLUMNS;
    // Each makes the page less high: whether it would fit without is not known while it is on.
    const low = !narrow && (this.lowWindow?.matches || (height > 0 && height < LOW && (this.low || over))) === true;
    const compact = height > 0 && height < COMPACT && (this.compact || needed > height + TIGHT);
    const bounded = height > 0 && over && !compact;
    const changed = narrow !== this.narrow || low !== this.low || compact !== this.compact || bounded !== this.bounded;
    Object.assign(this, { narrow, low, compact, bounded });
    return changed;
  }
}

/** What the parts of a page take that stand in it, whatever hangs over them: the controls, which may stick to an edge, below the rest. */
function heightOf(page: HTMLElement): number {
  const controls = page.querySelector<HTMLElement>(".transport");
  // Of what is locked, the box is none: what stands in it counts.
  const parts = [...page.querySelectorAll<HTMLElement>(":scope > :not(.visually-hidden), :scope > .locked > *")];
  const bottoms = parts.filter((part) => part !== controls).map((part) => part.offsetTop + part.offsetHeight);
  return Math.max(page.offsetTop, ...bottoms) - page.offsetTop + (controls?.offsetHeight ?? 0);
}
