/**
 * Walks from outputs back to inputs through the page alone: at each step the equation is read as it is printed, worked out, and held
 * against its result and against the trace; then one of its operands is clicked.
 */

import { expect, type Page, test } from "@playwright/test";
import { evaluate, type Interval, printed } from "../common/arithmetic.ts";
import { generator } from "../common/generator.ts";
import { misprint, open, state, trace, traced } from "./page.ts";

const WALKS = 10;
/** As far as f32 is from f64, in units of the number. */
const ROUNDING = 2e-7;

/** An equation of the panel: its numbers stand as `#n` in the text. */
interface Equation {
  text: string;
  numbers: { text: string; full: string; cell?: string }[];
  result: { text: string; cell: string };
  /** What is said of why it is so. */
  why: string;
}

const read = (page: Page): Promise<Equation> =>
  page.locator("attention-playground").evaluate((element) => {
    const equation = element.shadowRoot?.querySelector(".equation");
    const terms = equation?.querySelector(".terms");
    const result = equation?.querySelector<HTMLElement>(".result [data-index]");
    if (!terms || !result) throw new Error("no equation");
    const cellOf = ({ dataset }: HTMLElement) => `${dataset.stage},${dataset.index}`;
    const numbers: { text: string; full: string; cell?: string }[] = [];
    const textOf = (node: Node): string => {
      if (node.nodeType === Node.TEXT_NODE) return node.textContent ?? "";
      if (!(node instanceof Element)) return "";
      if (node instanceof HTMLElement && node.matches("[data-index], [data-constant]")) {
        const text = node.textContent?.trim() ?? "";
        const number = { text, full: node.dataset.index ? node.title || text : text };
        numbers.push(node.dataset.index ? { ...number, cell: cellOf(node) } : number);
        return `#${numbers.length - 1}`;
      }
      const inner = [...node.childNodes].map(textOf).join("");
      if (node.matches("sup")) return `^(${inner})`;
      return node.matches(".fraction") ? `(${inner})` : inner;
    };
    const text = [...terms.childNodes].map(textOf).join("").replace(/\s+/g, " ").trim();
    const why = equation?.querySelector<HTMLElement>("[data-why]")?.dataset.why ?? "";
    return { text, numbers, why, result: { text: result.textContent ?? "", cell: cellOf(result) } };
  });

const parsed = (cell: string): [stage: string, index: number[]] => {
  const [stage = "", ...index] = cell.split(",");
  return [stage, index.map(Number)];
};
/** All digits name one f32. */
const exactly = (text: string): Interval => {
  const value = Math.fround(Number(text.replaceAll("−", "-").replace("∞", "Infinity")));
  return [value, value];
};

/** Holds one equation against its result. */
function check({ text, numbers, result, why }: Equation, of: Awaited<ReturnType<typeof trace>>): void {
  const where = `${result.cell} = ${text} of ${numbers.map(({ text: number }) => number).join("; ")}`;
  for (const { text: shown, full, cell } of numbers) {
    if (!cell) continue;
    const value = traced(of, ...parsed(cell));
    expect(misprint(shown, value), `${cell} in ${where}`).toBeUndefined();
    expect(exactly(full)[0], `all digits of ${cell} in ${where}`).toBe(value);
  }
  const value = traced(of, ...parsed(result.cell));
  expect(exactly(result.text)[0], where).toBe(value);
  // A score that may not be seen is not made of the one before.
  const hidden = /^−∞ instead of (#\d+)$/.exec(text);
  if (hidden) {
    expect(value, where).toBe(Number.NEGATIVE_INFINITY);
    return;
  }
  // Nor is a row that sees nothing subtracted or divided.
  if (why === "nothing") {
    expect(text, where).toMatch(/^#0 − #1$|^\(#0 ÷ #1\)$/);
    expect(exactly(numbers[1]?.full ?? "")[0], where).toBe(text.includes("−") ? Number.NEGATIVE_INFINITY : 0);
    expect(value, where).toBe(exactly(numbers[0]?.full ?? "")[0]);
    return;
  }
  const [least, most] = evaluate(
    text,
    numbers.map(({ text: number }) => printed(number)),
  );
  const slack = Number.isFinite(value) ? Math.abs(value) * ROUNDING : 0;
  expect(value, where).toBeGreaterThanOrEqual(least - slack);
  expect(value, where).toBeLessThanOrEqual(most + slack);
  const [exact] = evaluate(
    text,
    numbers.map(({ full }) => exactly(full)),
  );
  if (Number.isFinite(value)) expect(Math.abs(exact - value), where).toBeLessThanOrEqual(slack);
  else expect(exact, where).toBe(value);
}

/** Clicks a cell of the stage on show, wherever it stands in the scene. */
async function clickCell(page: Page, stage: string, { below }: ReturnType<typeof generator>): Promise<void> {
  await page.locator(`[data-stop="${stage}"]`).click();
  await expect(page.locator(".scene")).toHaveAttribute("data-scene", stage);
  const grid = page.locator(`.scene .grid[data-view^="${stage}"]`);
  const count = async (name: string) => Number(await grid.getAttribute(`aria-${name}count`));
  const [rows, columns, box] = [await count("row"), await count("col"), await grid.boundingBox()];
  if (!box) throw new Error(`no matrix of ${stage}`);
  const [row, column] = [below(rows), below(columns)];
  const position = { x: ((column + 0.5) * box.width) / columns, y: ((row + 0.5) * box.height) / rows };
  await grid.click({ position });
  await expect(page.locator(".equation .result [data-index]")).toHaveAttribute("data-index", `${row},${column}`);
}

/** `seen`: stages that other walks came through. A step goes to another, where there is one: all are to be met. */
async function walk(
  page: Page,
  of: Awaited<ReturnType<typeof trace>>,
  random: ReturnType<typeof generator>,
  seen: ReadonlySet<string>,
): Promise<string[]> {
  const visited: string[] = [];
  // No trace is deeper.
  for (let step = 0; step < 40; step++) {
    const more = page.locator(".equation .terms button.quiet");
    if ((await more.count()) > 0) await more.click();
    const equation = await read(page);
    visited.push(parsed(equation.result.cell)[0]);
    const operands = equation.numbers.flatMap(({ cell }) => (cell ? [cell] : []));
    if (operands.length === 0) return visited;
    check(equation, of);
    const others = [...operands.keys()].filter((n) => !seen.has(parsed(operands[n] ?? "")[0]));
    const place = others.length > 0 ? random.pick(others) : random.below(operands.length);
    await page.locator(".equation .terms [data-index]").nth(place).click();
    const [stage, index] = parsed(operands[place] ?? "");
    await expect(page.locator(`.equation .result [data-stage="${stage}"]`)).toHaveAttribute("data-index", `${index}`);
  }
  throw new Error(`no end after ${visited}`);
}

const STATES: [name: string, query: string, ends: RegExp, over: string[]][] = [
  ["untrained", "model=none&text=dog+bites+man", /^(embeddings|w_\w+)$/, ["weights", "scores"]],
  [
    "cross-attention, grouped heads, a soft cap",
    "attention=cross&heads=4&kv-heads=2&head-dim=3&softcap=1&text=the+dog+bites&key-text=a+man+runs+away",
    /^(memory_)?embeddings$|^w_\w+$/,
    ["capped", "weights"],
  ],
  [
    "rotary positions, causal",
    "position=rotary&causal=true&head-dim=4&text=dog+bites+man+again",
    /^(embeddings|w_\w+|cos|sin)$/,
    ["masked", "query_rotated"],
  ],
  ["sinusoidal positions", "position=sinusoidal&text=a+b+c&head-dim=2", /^(embeddings|positions|w_\w+)$/, ["input"]],
  ["ALiBi", "position=alibi&text=dog+bites+man&head-dim=2", /^(embeddings|w_\w+|bias)$/, ["biased"]],
  ["a trained model", "model=pronoun", /^(embeddings|[wb]_\w+)$/, ["weights", "scores"]],
  [
    "a recurrence",
    "attention=delta&text=dog+bites+man&head-dim=2",
    /^(embeddings|w_\w+|beta|prediction)$/,
    ["error", "state"],
  ],
  [
    "a row that sees nothing",
    "text=dog+bites+man&head-dim=2&mask=1-0_1-1_1-2",
    /^(embeddings|w_\w+|mixed)$/,
    ["mixed", "value"],
  ],
];

for (const [n, [name, query, ends, over]] of STATES.entries())
  test(`ten walks from an output to an input: ${name}`, async ({ page }) => {
    test.setTimeout(180_000);
    await open(page, query);
    const of = await trace(page);
    const last = of.stages.at(-1)?.id ?? "";
    const random = generator(n + 1);
    const seen = new Set<string>();
    for (let walks = 0; walks < WALKS; walks++) {
      await clickCell(page, last, random);
      const visited = await walk(page, of, random, seen);
      expect(visited[0]).toBe(last);
      expect(visited.at(-1)).toMatch(ends);
      for (const stage of visited) seen.add(stage);
      await page.keyboard.press("Escape");
      expect((await state(page)).pin).toBe("");
    }
    expect([...seen]).toEqual(expect.arrayContaining(over));
  });
