/** Lessons: loaded with the first, or when the chapters are looked at. */

export { Lessons } from "./lessons.ts";
