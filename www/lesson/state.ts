/** What a step of a lesson shows: its own fields over those of the lesson, over the defaults. What is the reader's stays. */

import { defaultState, FIELD_NAMES, type State } from "../state/fields.ts";
import type { Lesson, Step } from "./format.ts";

/** What belongs to the reader or to the page around, and to no lesson. */
export const NOT_OF_LESSONS = new Set<keyof State>([
  "lesson",
  "lessonStep",
  "theme",
  "lang",
  "backend",
  "speed",
  "hide",
  "lock",
]);

/** What a lesson may set. */
export const OF_LESSONS = FIELD_NAMES.filter((name) => !NOT_OF_LESSONS.has(name));

/** `answered`: with what its question reveals. */
export function stateOfStep(lesson: Lesson, { state, question }: Step, answered: boolean): Partial<State> {
  const defaults = defaultState();
  const fresh = Object.fromEntries(OF_LESSONS.map((name) => [name, defaults[name]]));
  return { ...fresh, ...lesson.state, ...state, ...(answered && question?.state) };
}

/** Only a lesson is named: a link to it, or an element that an author has put there for it. */
export function isBare(state: State): boolean {
  const defaults = defaultState();
  return OF_LESSONS.every((name) => state[name] === defaults[name]);
}
