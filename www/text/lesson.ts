/** The words around a lesson: loaded with the first. What a lesson itself says stands in its file. */

import { part } from "./say.ts";

const lessonInEnglish = {
  label: "Lesson",
  chapters: "Chapters",
  gallery: "Worth seeing",
  step: "Step {n} of {all}",
  back: "Back",
  next: "Next",
  leave: "Leave the lesson",
  following: "Next lesson: {title}",
  moved: "You have moved on from this step.",
  restore: "Back to this step",
  predict: "Before you look",
  guess: "Your guess",
  percent: "in %",
  check: "Check",
  showMe: "Show me",
  right: "Yes.",
  shown: "The answer:",
  no: "Not quite.",
  wrong: "Not quite. You said {given}; it is",
  /** In the place of a number that the trace on show does not have. */
  absent: "…",
  loading: "This lesson is loading.",
  fromFile: "A lesson from a file is not part of a link: drop its file here again.",
  refused: "Lesson: expected {expected}, found {found}.",
  wrongStep: "Step {n} of this lesson: expected {expected}, found {found}.",
};

export type LessonWords = typeof lessonInEnglish;

export let lesson = lessonInEnglish;
part("lesson", lessonInEnglish, (words) => {
  lesson = words;
});
