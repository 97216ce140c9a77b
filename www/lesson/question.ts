/** What is right: worked out on the trace, never written down. */

import type { Trace } from "../engine/types.ts";
import { refusal } from "./errors.ts";
import type { Choice, Question } from "./format.ts";
import { evaluate, holds } from "./value.ts";

/** What one can answer with: the number of a choice, a token, a number (of a share: in per cent). */
export type Answer = number | string;

/** The tokens that one is asked to choose from. */
export function tokensOf({ among }: Question & { kind: "token" }, { tokens }: Trace): string[] {
  return among ?? [...new Set(tokens.key)];
}

/** The answer to the question; throws an EngineError where the trace has none. */
export function rightAnswer(question: Question, trace: Trace): Answer {
  if (question.kind === "choices") {
    const right = question.choices.flatMap(({ when }, n) => (holds(when, trace) ? [n] : []));
    if (right.length === 1) return right[0] as number;
    throw refusal("choices", "one that is right", `${right.length}`);
  }
  const value = evaluate(question.answer, trace);
  if (question.kind === "token") {
    if (value.kind !== "token") throw refusal(question.answer, "a token", String(value.value));
    const among = tokensOf(question, trace);
    if (among.includes(value.text)) return value.text;
    throw refusal("among", `the right one, “${value.text}”`, among.join(", "));
  }
  if (value.kind === "token" || Number.isNaN(value.value)) throw refusal(question.answer, "a number", value.kind);
  return question.percent ? value.value * 100 : value.value;
}

export function isRight(question: Question, trace: Trace, answer: Answer): boolean {
  const right = rightAnswer(question, trace);
  if (question.kind !== "number") return answer === right;
  return Math.abs(Number(answer) - Number(right)) <= question.within;
}

/** Why what was chosen is wrong, where the lesson says so. */
export const choiceAt = (question: Question, answer: Answer | undefined): Choice | undefined =>
  question.kind === "choices" ? question.choices[Number(answer)] : undefined;
