/** The lessons that ship: each is well formed, and all that it says and asks is there in the traces that its steps give. */

import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { TITLES } from "../../www/element/lesson/titles.ts";
import { createEngine, type Engine, type Trace } from "../../www/engine/engine.ts";
import { inLanguage, type Lesson, type Question, readLesson, type Text } from "../../www/lesson/format.ts";
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

/** What is right, by lesson and step, as one who knows the models would say. */
const ANSWERS: Record<string, Record<number, string | number>> = {
  "why-attention": { 0: "q7", 1: 0 },
  "query-key-value": { 4: "street", 5: 0, 6: 99, 7: 0 },
  pronoun: { 1: "street", 4: "animal", 5: "wide" },
  "many-heads": { 1: 1, 2: 32 },
  positions: { 1: 1, 3: 0, 5: 0 },
  masks: { 1: 100, 3: "c" },
  cost: { 0: 36, 1: 1, 3: 16 },
  "what-weights-do-not-say": { 0: 1, 1: 1, 3: "dog" },
};

/** On a phone all stands in one column, without arcs; and cells are hatched in some stages only. */
const NOT_EVERYWHERE =
  /\b(arcs?|hatched|panel|(on|to) the (left|right)|(stands?|is) below)\b|弧线|斜线|面板|右边的|^下面|。下面/;

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
        expect(plain, path).not.toMatch(NOT_EVERYWHERE);
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
      const expected = ANSWERS[name]?.[n];
      if (question.kind === "number")
        expect(Math.abs(Number(right) - Number(expected)), where).toBeLessThan(question.within);
      else expect(right, where).toBe(expected);
      if (question.kind === "choices")
        for (const { text, why } of question.choices) for (const one of [text, why ?? ""]) check(one, trace, where);
      if (question.kind === "token")
        for (const token of tokensOf(question, trace)) expect(trace.tokens.key, where).toContain(token);
      check(question.text, trace, where);
      const shown = stateOfStep(lesson, step, true);
      const then = await traceOf(engine, shown);
      checkState(shown, then, where);
      check(question.reveal, then, where);
      expect(rightAnswer(question, then), where).toEqual(right);
    }
  });
});

describe("what is said of the picture without a number is so", () => {
  /** The stage that a step shows, row after row of its head. */
  const rowsOf = async (name: string, n: number) => {
    const lesson = parseLesson(read(name));
    const state = stateOfStep(lesson, lesson.steps[n] as Lesson["steps"][0], true);
    const trace = await traceOf(engine, state);
    const { shape, offset } = stageOf(trace, state.stage ?? "") as { shape: number[]; offset: number };
    const [, tokens = 0, across = 0] = shape;
    const row = (token: number) => offset + (Math.max(0, state.head as number) * tokens + token) * across;
    return {
      state,
      rows: Array.from({ length: tokens }, (_, token) => [...trace.data.subarray(row(token), row(token) + across)]),
    };
  };

  it("outside the band of a window every weight is 0", async () => {
    const { state, rows } = await rowsOf("cost", 2);
    expect(state.stage).toBe("weights");
    for (const [query, row] of rows.entries())
      for (const [key, weight] of row.entries()) expect(weight > 0).toBe(Math.abs(query - key) <= 2);
  });

  it("what “it” collects of an empty value has hardly any colour, beside the other rows", async () => {
    const { state, rows } = await rowsOf("what-weights-do-not-say", 1);
    expect(state).toMatchObject({ stage: "mixed", show: "now" });
    const reach = rows.map((row) => Math.max(...row.map(Math.abs)));
    expect(reach[state.token as number]).toBeLessThan(0.02 * Math.max(...reach));
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

describe("an answer", () => {
  const question = (kind: object) =>
    readLesson({
      attentionLesson: 1,
      title: "A",
      steps: [{ text: "Look.", question: { text: "?", reveal: "!", ...kind } }],
    }).steps[0]?.question as Question;
  let trace: Trace;
  beforeAll(async () => {
    trace = await traceOf(engine, { model: "none", heads: 1, causal: true, text: "the dog sees" });
  });

  it("is right where the trace says so", () => {
    const token = question({ token: "largest(weights,0,the)" });
    expect(["the", "dog", "sees"].map((one) => isRight(token, trace, one))).toEqual([true, false, false]);
    const number = question({ number: "weights,0,the,the", within: 5, percent: true });
    expect([100, 96, 94, 0].map((one) => isRight(number, trace, one))).toEqual([true, true, false, false]);
    const when = ["weights,0,the,dog > 0", "weights,0,the,dog = 0"].map((one) => ({ text: one, when: one }));
    expect([0, 1].map((one) => isRight(question({ choices: when }), trace, one))).toEqual([false, true]);
  });

  it("that the trace does not have, or has twice, is refused", () => {
    const both = ["1 = 1", "2 = 2"].map((one) => ({ text: one, when: one }));
    expect(() => rightAnswer(question({ choices: both }), trace)).toThrow(/one that is right, found “?2/);
    expect(() => rightAnswer(question({ token: "weights,0,the,the" }), trace)).toThrow(/a token/);
    expect(() => rightAnswer(question({ token: "largest(weights,0,the)", among: ["dog", "sees"] }), trace)).toThrow(
      /the right one, “the”/,
    );
    expect(() => rightAnswer(question({ number: "largest(weights,0,the)", within: 1 }), trace)).toThrow(/a number/);
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
    expect(
      readLesson({
        ...good,
        state: "https://x.org/?model=none&heads=3&theme=dark&lock=input&stage=weights&utm_source=x#here",
      }).state,
    ).toEqual({
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
    ["a field that is empty", { ...good, state: { heads: null } }, /state.heads: a value, found null/],
    ["what is the host's", { ...good, state: { lock: "input" } }, /found “lock”/],
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
