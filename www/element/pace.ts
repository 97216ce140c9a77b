/** What is told of cells in words: where they pass by faster than anyone could read, one of them now and then, and the last of all. */

import type { Explanation } from "../engine/types.ts";
import type { Frame } from "../timeline/course.ts";

/** What words are about: where one is, and the engine's answer. */
export interface Told {
  frame: Frame;
  explanation: Explanation | undefined;
}

/** Milliseconds that a cell is told of before the next one is. */
const PACE = 100;

export class Pace {
  #told: Told | undefined;
  /** When its cell was first told of. */
  #since = Number.NEGATIVE_INFINITY;
  #later: ReturnType<typeof setTimeout> | undefined;
  readonly #changed: () => void;

  /** `changed` is called once there is something new to tell though nothing moved. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** `now`, or what was told last where that is of another cell of the same stage and not yet old. `asked`: the answer is waited for. */
  of(now: Told, asked: boolean): Told {
    const told = this.#told;
    const passing = told !== undefined && told.frame.segment === now.frame.segment && !sameCell(told.frame, now.frame);
    const wait = passing ? this.#since + PACE - performance.now() : 0;
    if (told && wait > 0) {
      this.#later ??= setTimeout(() => {
        this.#later = undefined;
        this.#changed();
      }, wait);
      if (asked) told.explanation = now.explanation;
      return told;
    }
    if (!told || passing) this.#since = performance.now();
    this.#told = now;
    return now;
  }
}

const sameCell = ({ active: a }: Frame, { active: b }: Frame) => a?.row === b?.row && a?.column === b?.column;
