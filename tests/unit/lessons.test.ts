/** The lessons that ship: each is well formed, and all that it says and asks is there in the traces that its steps give. */

import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { TITLES } from "../../www/element/lesson/titles.ts";
import { createEngine, type Engine, type Trace } from "../../www/engine/engine.ts";
import { inLanguage, type Lesson, readLesson, type Text } from "../../www/lesson/format.ts";
import { LESSONS, parseLesson } from "../../www/lesson/load.ts";
import { isRight, rightAnswer, tokensOf } from "../../www/lesson/question.ts";
import { readSlot, slotsOf } from "../../www/lesson/slots.ts";
import { stateOfStep } from "../../www/lesson/state.ts";
import { evaluate, holds } from "../../www/lesson/value.ts";
import { defaultState, type State } from "../../www/state/fields.ts";
import { glossary } from "../../www/text/glossary.ts";
import { marked, unmarked } from "../../www/text/marks.ts";
import { stageOf } from "../../www/trace/cells.ts";
import { traceOf } from "./trace-of.ts";

const FILES = new URL("../../www/lessons/", import.meta.url);
const read = (name: string) => readFileSync(new URL(`${name}.json`, FILES), "utf8");

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ workers: 0 });
});

/** Every text of a lesson, by its place. */
function textsOf(of: unknown, path = ""): [path: string, text: Record<string, string>][] {
  if (typeof of !== "object" || of === null) return [];
  if ("en" in of) return [[path, of as Record<string, string>]];
  return Object.entries(of).flatMap(([name, inner]) => textsOf(inner, `${path}.${name}`));
}

/** What a text says of a trace is there to be said. */
function check(text: Text, trace: Trace, where: string): void {
  for (const lang of ["en", "zh"]) {
    for (const slot of slotsOf(inLanguage(text, lang))) {
      const { expression, percent } = readSlot(slot);
      const value = evaluate(expression, trace);
      expect(value.kind === "token" || !Number.isNaN(value.value), `${where}: {${slot}}`).toBe(true);
      if (percent) expect(value.kind, `${where}: {${slot}}`).not.toBe("token");
    }
  }
}

function checkState(changed: Partial<State>, trace: Trace, where: string): void {
  const { stage, pin, head, token } = { ...defaultState(), ...changed };
  expect(stageOf(trace, stage), `${where}: stage ${stage}`).toBeDefined();
  expect(head, where).toBeLessThan(trace.config.heads);
  expect(token, where).toBeLessThan(trace.tokens.query.length);
  const [of = "", ...index] = pin.split(",");
  if (!pin) return;
  const shape = stageOf(trace, of)?.shape ?? [];
  expect(index, `${where}: ${pin}`).toHaveLength(shape.length);
  for (const [axis, at] of index.entries()) expect(Number(at), `${where}: ${pin}`).toBeLessThan(shape[axis] ?? 0);
}

it("the one in the documents is one", async () => {
  const [, example = ""] = /```json\n(.*?)```/s.exec(readFileSync(new URL("README.md", FILES), "utf8")) ?? [];
  const lesson = parseLesson(example);
  for (const step of lesson.steps) {
    const trace = await traceOf(engine, stateOfStep(lesson, step, true));
    check(step.text, trace, "README");
    if (step.question) check(step.question.reveal, trace, "README");
    if (step.question) expect(rightAnswer(step.question, trace)).toBeDefined();
  }
});

it("there are as many as are offered, and each under its own name", () => {
  const names = readdirSync(FILES).filter((name) => name.endsWith(".json"));
  expect(names.sort()).toEqual(LESSONS.map((name) => `${name}.json`).sort());
  for (const name of LESSONS) {
    const { title, about } = parseLesson(read(name));
    expect(TITLES[name]).toEqual({ title, about });
  }
});

describe.each(LESSONS)("%s", (name) => {
  const lesson: Lesson = parseLesson(read(name));

  it("says the same in both languages, and no number that is not computed", () => {
    const texts = textsOf(JSON.parse(read(name)));
    expect(texts.length).toBeGreaterThan(lesson.steps.length);
    for (const [path, text] of texts) {
      expect(Object.keys(text), path).toEqual(["en", "zh"]);
      const { en = "", zh = "" } = text;
      expect(slotsOf(zh).sort(), path).toEqual(slotsOf(en).sort());
      for (const one of [en, zh]) {
        const terms = marked(one).flatMap((piece) => (typeof piece === "string" ? [] : [piece.term]));
        for (const term of terms) expect(glossary.terms, path).toHaveProperty(term);
        const plain = unmarked(one).replace(/\{[^{}]*\}/g, "");
        expect(plain, path).not.toMatch(/\d[.,]\d|\d\s*%|[{}]/);
      }
      expect(zh, path).toMatch(/\p{Script=Han}/u);
    }
  });

  it("asks and says what is there", async () => {
    for (const [n, step] of lesson.steps.entries()) {
      const where = `step ${n + 1}`;
      const asked = stateOfStep(lesson, step, false);
      const trace = await traceOf(engine, asked);
      checkState(asked, trace, where);
      check(step.text, trace, where);
      const { question } = step;
      if (!question) continue;
      const right = rightAnswer(question, trace);
      expect(isRight(question, trace, right), where).toBe(true);
      if (question.kind === "choices") {
        // Not by chance: each choice is right of some trace, and exactly one of this.
        expect(
          question.choices.filter(({ when }) => holds(when, trace)),
          where,
        ).toHaveLength(1);
        for (const { text, why } of question.choices) for (const one of [text, why ?? ""]) check(one, trace, where);
      } else if (question.kind === "token") {
        for (const token of tokensOf(question, trace)) expect(trace.tokens.key, where).toContain(token);
        for (const token of tokensOf(question, trace))
          expect(isRight(question, trace, token), where).toBe(token === right);
      } else expect(isRight(question, trace, Number(right) + 1.5 * question.within), where).toBe(false);
      check(question.text, trace, where);
      const shown = stateOfStep(lesson, step, true);
      const then = await traceOf(engine, shown);
      checkState(shown, then, where);
      check(question.reveal, then, where);
      expect(rightAnswer(question, then), where).toEqual(right);
    }
  });
});

describe("expressions", () => {
  let trace: Trace;
  beforeAll(async () => {
    trace = await traceOf(engine, { model: "none", heads: 1, text: "the dog sees the cat" });
  });
  const row = () => {
    const { offset } = stageOf(trace, "weights") as { offset: number };
    return [...trace.data.subarray(offset + 5, offset + 10)];
  };

  it("are read off the trace", () => {
    const at = row().indexOf(Math.max(...row()));
    expect(evaluate("weights,0,dog,cat", trace)).toEqual({
      kind: "cell",
      stage: "weights",
      index: [0, 1, 4],
      value: row()[4],
    });
    expect(evaluate(" weights , 0, 1, the#2 ", trace)).toMatchObject({ index: [0, 1, 3] });
    expect(evaluate("largest(weights,0,dog)", trace)).toEqual({ kind: "token", text: trace.tokens.key[at] });
    expect(evaluate("max(weights,0,dog)", trace)).toMatchObject({ index: [0, 1, at], value: row()[at] });
    expect(evaluate("count(weights)", trace)).toEqual({ kind: "number", value: 25 });
    expect((evaluate("sum(weights,0,dog)", trace) as { value: number }).value).toBeCloseTo(1, 5);
  });

  it("compare", () => {
    const [first = 0, second = 0] = row();
    expect(holds("weights,0,dog,0 < weights,0,dog,1", trace)).toBe(first < second);
    expect(holds("weights,0,dog,0 >= weights,0,dog,1", trace)).toBe(first >= second);
    expect(holds("count(scores) = 25", trace)).toBe(true);
    expect(holds("count(scores) != 25", trace)).toBe(false);
    expect(holds("largest(weights,0,dog) = largest(weights,0,dog)", trace)).toBe(true);
    expect(holds("embeddings,the,0 = embeddings,the#2,0", trace)).toBe(true);
    expect(holds("embeddings,the,0 = embeddings,cat,0", trace)).toBe(false);
  });

  it.each([
    ["weights,0,dog,bird", "bird"],
    ["weights,0,dog,5", "5"],
    ["weights,0,dog", "2 of them"],
    ["weights,0,dog,1,1", "4 places"],
    ["softmax,0,0,0", "softmax"],
    ["largest(weights,0)", "weights,0"],
    ["mean(weights,0,dog)", "mean"],
    ["weights,0,the#3,0", "the#3"],
    ["__proto__,0", "__proto__"],
  ])("that ask for what is not there are refused: %s", (expression, found) => {
    expect(() => evaluate(expression, trace)).toThrow(new RegExp(found.replace(/[()]/g, "\\$&")));
  });
});

describe("a lesson that is not well formed", () => {
  const step = { text: "Look." };
  const good = { attentionLesson: 1, title: "A", steps: [step] };
  const asked = (question: object) => ({
    ...good,
    steps: [{ ...step, question: { text: "?", reveal: "!", ...question } }],
  });

  it("is the smallest that is", () => {
    expect(readLesson(good).steps).toHaveLength(1);
    expect(readLesson({ ...good, state: "https://x.org/?model=none&heads=3&theme=dark&stage=weights" }).state).toEqual({
      model: "none",
      heads: 3,
      stage: "weights",
    });
  });

  it.each([
    ["no object", [], /an object, found a list of 0/],
    ["another format", { ...good, attentionLesson: 2 }, /attentionLesson: 1, found 2/],
    ["an unknown field", { ...good, step: [] }, /only attentionLesson, title.*found “step”/],
    ["no steps", { ...good, steps: [] }, /steps: a list of 1 to 60, found a list of 0/],
    ["too many steps", { ...good, steps: Array(61).fill(step) }, /found a list of 61/],
    ["a step without text", { ...good, steps: [{}] }, /steps\[0\].text: text.*found nothing/],
    ["text that is none", { ...good, title: { en: 5 } }, /title.en: text.*found 5/],
    ["text without end", { ...good, title: "a".repeat(2001) }, /at most 2000 characters/],
    ["a wrong value", { ...good, state: { heads: 99 } }, /state.heads: .*1.*16.*found “99”/],
    ["a field that is none", { ...good, state: { head_count: 2 } }, /fields of the state.*found “head_count”/],
    ["what is the reader's", { ...good, state: { theme: "dark" } }, /found “theme”/],
    ["a lesson within", { ...good, state: { lesson: "pronoun" } }, /found “lesson”/],
    ["a stage that is none", { ...good, steps: [{ ...step, stage: "<b>" }] }, /steps\[0\].stage/],
    [
      "two kinds of question",
      asked({ token: "a", number: "b" }),
      /one of choices, token, number, found “token, number”/,
    ],
    ["no kind of question", asked({}), /one of choices, token, number, found nothing/],
    ["one choice", asked({ choices: [{ text: "a", when: "1 = 1" }] }), /choices: a list of 2 to 12/],
    [
      "no comparison",
      asked({
        choices: [
          { text: "a", when: "yes" },
          { text: "b", when: "1 > 2" },
        ],
      }),
      /choices\[0\].when: a comparison/,
    ],
    ["a guess to within nothing", asked({ number: "1", within: 0 }), /within: a number above 0, found 0/],
    ["a right answer that is typed", asked({ token: "a", answer: "b" }), /found “answer”/],
    ["no JSON value", null, /an object, found null/],
  ])("is refused: %s", (_, json, message) => {
    expect(() => readLesson(json)).toThrow(message);
  });

  it("is refused when it is no JSON, or too large", () => {
    expect(() => parseLesson("{")).toThrow(/a lesson in JSON/);
    expect(() => parseLesson(`"${"a".repeat(300_000)}"`)).toThrow(/at most 262144 characters/);
  });
});
