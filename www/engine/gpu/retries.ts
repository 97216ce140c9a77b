/** How often something that failed may be tried again. */

const MOST = 3;
const WITHIN = 60_000;

export class Retries {
  readonly #now: () => number;
  #taken: number[] = [];

  /** `now`: milliseconds on any clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes one of three within any minute; false where they are used up. */
  take(): boolean {
    const now = this.#now();
    this.#taken = this.#taken.filter((then) => now - then < WITHIN);
    if (this.#taken.length >= MOST) return false;
    this.#taken.push(now);
    return true;
  }
}
