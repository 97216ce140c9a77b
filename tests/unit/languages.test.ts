/** Every language says all that English says: the same messages, with the same slots, and none left in English. */

import { expect, test } from "vitest";
import { backend } from "../../www/text/backend.ts";
import { card } from "../../www/text/card.ts";
import { change } from "../../www/text/change.ts";
import { digits } from "../../www/text/digits.ts";
import { en } from "../../www/text/en.ts";
import { glossary } from "../../www/text/glossary.ts";
import { lesson } from "../../www/text/lesson.ts";
import { matrices } from "../../www/text/matrices.ts";
import { models } from "../../www/text/models.ts";
import { own } from "../../www/text/own.ts";
import { recall } from "../../www/text/recall.ts";
import { speak } from "../../www/text/say.ts";
import { settings } from "../../www/text/settings.ts";
import { take } from "../../www/text/take.ts";
import { tools } from "../../www/text/tools.ts";
import { untrained } from "../../www/text/untrained.ts";
import { zh } from "../../www/text/zh/index.ts";

// Some parts join the catalogue of the language that is spoken.
speak(zh);
speak({ say: en });

const ENGLISH: Record<string, unknown> = {
  say: en,
  backend,
  card,
  change,
  digits,
  glossary,
  lesson,
  matrices,
  models,
  own,
  recall,
  settings,
  take,
  tools,
  untrained,
};
const CHINESE: Record<string, unknown> = { say: zh.say, ...zh.parts };

/** Words that are the same in every language; shorter ones are symbols. */
const SAME = new Set(["ALiBi", "Beta", "MiB", "softmax", "CPU", "GPU", "cos", "sin", "LSTM", "RNN", "tanh", "exp"]);
const wordsOf = (text: string) => text.replace(/\{\w+\}/g, "").match(/[A-Za-z]{3,}/g) ?? [];

/** Every message of a catalogue by its path. */
function messages(of: unknown, path = ""): [path: string, text: string][] {
  if (typeof of === "string") return [[path, of]];
  if (typeof of !== "object" || of === null) return [];
  return Object.entries(of).flatMap(([name, inner]) => messages(inner, path ? `${path}.${name}` : name));
}

const slots = (text: string) => [...new Set([...text.matchAll(/\{\w+\}/g)].map(([slot]) => slot))].sort();

const [english, chinese] = [new Map(messages(ENGLISH)), new Map(messages(CHINESE))];

test("there is as much to say in Chinese as in English", () => {
  expect(english.size).toBeGreaterThan(400);
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
});

test("each message has the same slots in both", () => {
  const wrong = [...english].flatMap(([path, text]) => {
    const other = chinese.get(path) ?? "";
    return slots(text).join() === slots(other).join() ? [] : [`${path}: “${text}” and “${other}”`];
  });
  expect(wrong).toEqual([]);
});

test("nothing is empty, and nothing stays in English", () => {
  const wrong = [...english].flatMap(([path, text]) => {
    const other = chinese.get(path) ?? "";
    if (text !== "" && other === "") return [`${path} is empty`];
    return other === text && wordsOf(text).some((word) => !SAME.has(word)) ? [`${path} is “${text}” in both`] : [];
  });
  expect(wrong).toEqual([]);
});

// Both stand on one screen: the short one has to be known again as the same.
test.each([
  ["English", en],
  ["Chinese", zh.say],
])("the short name of a stage is its name with letters left out: %s", (_, { stages, short }) => {
  const bare = (name = "") => [...name.toLowerCase()].filter((letter) => !/[. ]/.test(letter));
  const wrong = Object.entries(short).filter(([id, name]) => {
    const left = bare(name);
    for (const letter of bare(stages[id])) if (letter === left[0]) left.shift();
    return left.length > 0;
  });
  expect(Object.keys(short)).toContain("query_rotated");
  expect(wrong).toEqual([]);
});
