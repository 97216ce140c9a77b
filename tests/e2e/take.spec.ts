/** What is taken away from the page: pictures of which every number is one of the trace, and nothing runs that came in as text. */

import { expect, type Page, test } from "@playwright/test";
import type { Trace } from "../../www/engine/types.ts";
import { colorOf, css, LIGHT, scaleOf } from "../../www/view/palette.ts";
import { misprint, open, type Play, state, trace, traced } from "./page.ts";

const SENTENCE = "model=none&text=dog+bites+man+and+runs";

interface Read {
  error: string;
  texts: { text: string; stage?: string; index?: string; between?: string }[];
  fills: string[];
  names: string[];
  handlers: string[];
  width: number;
}

const svgOf = (page: Page): Promise<string> =>
  page.locator("attention-playground").evaluate(async (element) => {
    const blob = await (element as Play).toBlob("image/svg+xml");
    if (blob.type !== "image/svg+xml") throw new Error(blob.type);
    return blob.text();
  });

const read = (page: Page, svg: string): Promise<Read> =>
  page.evaluate((svg) => {
    const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
    const all = [...parsed.querySelectorAll("*")];
    return {
      error: parsed.querySelector("parsererror")?.textContent ?? "",
      texts: all
        .filter(({ localName }) => localName === "text")
        .map((one) => ({ text: one.textContent ?? "", ...(one as SVGElement).dataset })),
      fills: all.filter(({ localName }) => localName === "rect").map((one) => one.getAttribute("fill") ?? ""),
      names: [...new Set(all.map(({ localName }) => localName))].sort(),
      handlers: all.flatMap((one) => one.getAttributeNames().filter((name) => /^on|href/.test(name))),
      width: Number(parsed.documentElement.getAttribute("width")),
    };
  }, svg);

const SHAPES = ["clipPath", "g", "path", "rect", "svg", "text", "tspan"];

/** Every number of a picture against the trace; gives how many there are of each stage. */
async function proven(page: Page, found: Read): Promise<Record<string, number>> {
  expect(found.error).toBe("");
  expect(found.handlers).toEqual([]);
  expect(found.names.filter((name) => !SHAPES.includes(name))).toEqual([]);
  const of = await trace(page);
  const counts: Record<string, number> = {};
  for (const { text, stage, index } of found.texts) {
    if (stage === undefined) continue;
    expect(misprint(text, traced(of, stage, (index as string).split(",").map(Number)))).toBeUndefined();
    counts[stage] = (counts[stage] ?? 0) + 1;
  }
  return counts;
}

test("an SVG of any stage holds every number that is on show, and the trace has it", async ({ page }) => {
  await open(page, `${SENTENCE}&causal=true`);
  const { stages } = await trace(page);
  const stops = stages.map(({ id }) => id).filter((id) => !id.startsWith("w_"));
  for (const stage of stops) {
    await page.locator("attention-playground").evaluate((element, stage) => (element as Play).goto(stage), stage);
    const counts = await proven(page, await read(page, await svgOf(page)));
    const cells = page.locator(`.grid:not(.virtual) .cell[data-stage="${stage}"]`);
    expect([stage, counts[stage]]).toEqual([stage, await cells.count()]);
  }
});

test("a picture of what was before says so, and one of now does not", async ({ page }) => {
  const named = async () => /^<svg[^>]* data-of="(\w+)"/.exec(await svgOf(page))?.[1];
  await open(page, `${SENTENCE}&edits=scores,0,1,2%3D3&stage=scores&show=before`);
  await expect(page.locator(".scene")).toHaveAttribute("data-of", "before");
  expect(await named()).toBe("before");
  await open(page, `${SENTENCE}&edits=scores,0,1,2%3D3&stage=scores`);
  expect(await named()).toBeUndefined();
});

test("the other head, rows, cells and frames under way, in both themes", async ({ page }) => {
  for (const [query, stage, numbers] of [
    ["stage=scores&head=1&theme=dark", "scores", 25],
    ["stage=weights&cell=7.5", "weights", 7],
    ["stage=weights&zoom=row&token=2&theme=dark", "weights", 5],
    ["stage=mixed&zoom=cell&pin=mixed,0,1,2", "mixed", 1],
  ] as const) {
    await open(page, `${SENTENCE}&${query}`);
    await page.locator("[data-between]").or(page.locator(".scene .cell")).first().waitFor({ state: "attached" });
    const found = await read(page, await svgOf(page));
    const counts = await proven(page, found);
    expect([query, counts[stage]]).toEqual([query, numbers]);
    expect(found.fills[0]).toBe(query.includes("dark") ? "#15181d" : "#fdfcfa");
  }
});

/** The colour of the smallest rectangle around the middle of each number of a stage, by the number's index. */
const backgrounds = (page: Page, svg: string, stage: string): Promise<Record<string, string>> =>
  page.evaluate(
    ([svg, stage]) => {
      const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
      const shown = document.body.appendChild(document.importNode(parsed.documentElement, true));
      const boxOf = (one: Element) => one.getBoundingClientRect();
      const rects = [...shown.querySelectorAll("rect")].filter((one) => !one.closest("clipPath"));
      const found: Record<string, string> = {};
      for (const text of shown.querySelectorAll<SVGElement>(`text[data-stage="${stage}"]`)) {
        const { left, top, width, height } = boxOf(text);
        const [x, y] = [left + width / 2, top + height / 2];
        const around = rects
          .map((one) => ({ box: boxOf(one), fill: one.getAttribute("fill") ?? "" }))
          .filter(({ box }) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom)
          .sort((a, b) => a.box.width * a.box.height - b.box.width * b.box.height);
        found[text.getAttribute("data-index") ?? ""] = around[0]?.fill ?? "";
      }
      shown.remove();
      return found;
    },
    [svg, stage] as const,
  );

test("each number stands on the colour that the palette has for it", async ({ page }) => {
  await open(page, `${SENTENCE}&stage=weights&theme=light`);
  const found = await backgrounds(page, await svgOf(page), "weights");
  const of = (await trace(page)) as unknown as Trace;
  const weights = of.stages.find(({ id }) => id === "weights");
  if (!weights) throw new Error("no weights");
  const data = Float32Array.from(of.data);
  const scale = scaleOf({ ...of, data }, weights);
  expect(Object.keys(found)).toHaveLength(25);
  for (let n = 0; n < 25; n++) {
    const wanted = css(colorOf(data[weights.offset + n] as number, scale, LIGHT));
    const fill = found[`0,${Math.floor(n / 5)},${n % 5}`] ?? "";
    expect(near(fill, wanted), `cell ${n}: ${fill} for ${wanted}`).toBe(true);
  }
});

/** The canvas has as many shades as can be told apart: one step of a channel is none. */
function near(fill: string, wanted: string): boolean {
  const channels = (color: string) => (color.match(/\d+/g) ?? []).map(Number);
  const want = channels(wanted);
  return fill.startsWith("rgb") && channels(fill).every((c, n) => Math.abs(c - (want[n] ?? 0)) <= 1);
}

test("a matrix of very many cells is an image within the SVG", async ({ page }) => {
  await open(page, `model=none&stage=weights&text=${Array(160).fill("dog").join("+")}`);
  const found = await read(page, await svgOf(page));
  expect(found.error).toBe("");
  expect(found.names).toContain("image");
  expect(found.fills.length).toBeLessThan(1000);
});

test("the PNG is the SVG, at twice its size", async ({ page }) => {
  await open(page, `${SENTENCE}&stage=weights`);
  const svg = await svgOf(page);
  const { width } = await read(page, svg);
  const image = await page.locator("attention-playground").evaluate(async (element, svg) => {
    const bitmap = await createImageBitmap(await (element as Play).toBlob("image/png"));
    const drawn = new Image();
    drawn.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    await drawn.decode();
    const pixels = (source: CanvasImageSource) => {
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      context?.drawImage(source, 0, 0, bitmap.width, bitmap.height);
      return context?.getImageData(0, 0, bitmap.width, bitmap.height).data ?? new Uint8ClampedArray();
    };
    const [png, vectors] = [pixels(bitmap), pixels(drawn)];
    let different = 0;
    for (let n = 0; n < png.length; n++) if (Math.abs((png[n] as number) - (vectors[n] as number)) > 16) different++;
    return { width: bitmap.width, different: different / png.length, colours: new Set(png).size };
  }, svg);
  expect(image.width).toBe(2 * width);
  expect(image.colours, "it is no blank sheet").toBeGreaterThan(20);
  expect(image.different).toBeLessThan(0.002);
});

const HOSTILE = [
  "<script>globalThis.ran=1</script>",
  "]]>",
  "</text><script>",
  "=cmd()",
  "\\input{x}",
  "a\0b",
  "‮abc",
  "'\"`",
];

test("tokens that are markup stay text", async ({ page }) => {
  await open(page);
  await page.locator("attention-playground").evaluate(async (element, tokens) => {
    const play = element as Play;
    const x = { shape: [tokens.length, 2], data: tokens.flatMap((_, n) => [Math.sin(n), Math.cos(n)]) };
    play.matrices = { tokens, q: x, k: x, v: x } as never;
    play.state = { ...play.state, stage: "scores" };
    await new Promise((done) => setTimeout(done, 1000));
  }, HOSTILE);
  const found = await read(page, await svgOf(page));
  await proven(page, found);
  expect((await state(page)).stage).toBe("scores");
  expect(found.texts.some(({ text }) => text.startsWith("<scr"))).toBe(true);
  expect(await page.evaluate(() => "ran" in globalThis)).toBe(false);
});
