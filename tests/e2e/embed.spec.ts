/** embed.html in a frame of somebody else's page: keys of the address, height, calls, and messages that mean harm. */

import { expect, type Frame, type Page, test } from "@playwright/test";
import { frameIn, hostPage, twoOrigins } from "./host.ts";
import type { Play } from "./page.ts";

const hosts = twoOrigins();
const QUERY = "model=none&text=dog+bites+man&heads=1&stage=weights";

/** The page around: keeps what it hears, and can ask. */
const LISTENER = `<script>
  const heard = [];
  addEventListener("message", ({ data, origin, source }) => heard.push({ data, origin, own: source === frames[0] }));
  let asked = 0;
  const send = (message) => frames[0].postMessage(message, "*");
  const ask = (method, ...args) => new Promise((resolve) => {
    const id = ++asked;
    const listen = ({ data }) => {
      if (data?.id !== id) return;
      removeEventListener("message", listen);
      resolve(data);
    };
    addEventListener("message", listen);
    send({ type: "attention-playground", version: 1, id, method, args });
  });
</script>`;

async function embedded(page: Page, query = QUERY, attributes = ""): Promise<Frame> {
  const src = `${hosts.package}/embed.html?${query.replaceAll("&", "&amp;")}`;
  const errors = await hostPage(
    page,
    hosts,
    `${LISTENER}<iframe src="${src}" width="800" height="420" title="attention" ${attributes}></iframe>`,
  );
  const frame = await frameIn(page, hosts);
  await frame.waitForFunction(() => (document.querySelector("attention-playground") as Play | null)?.trace);
  await frame.locator("attention-playground").evaluate((one) => (one as Play).ready);
  expect(errors).toEqual([]);
  return frame;
}

declare const heard: { data: Record<string, unknown>; origin: string; own: boolean }[];
declare const ask: (method: string, ...args: unknown[]) => Promise<Record<string, unknown>>;
declare const send: (message: unknown) => void;

const stateOf = (frame: Frame) => frame.locator("attention-playground").evaluate((one) => (one as Play).state);

test("the keys of the address are the fields of the state", async ({ page }) => {
  const frame = await embedded(page, `${QUERY}&hide=header,controls&heads=2`.replace("heads=1&", ""));
  expect(await stateOf(frame)).toMatchObject({
    text: "dog bites man",
    heads: 2,
    stage: "weights",
    hide: "header,controls",
  });
  await expect(frame.locator(".header")).toHaveCount(0);
});

test("it takes calls, and answers them with what came of it", async ({ page }) => {
  const frame = await embedded(page);
  const answers = await page.evaluate(async () => ({
    goto: await ask("goto", "scores", [0, 1, 2]),
    state: await ask("setState", { heads: 2 }),
    explain: await ask("explain", "weights", [0, 1, 2]),
    play: await ask("play"),
    pause: await ask("pause"),
  }));
  expect(answers.goto).toMatchObject({ type: "attention-playground", version: 1 });
  expect(answers.goto).not.toHaveProperty("error");
  expect(answers.state.result).toMatchObject({ heads: 2, pin: "scores,0,1,2" });
  expect((answers.explain.result as { value: number }).value).toBeGreaterThan(0);
  expect(await stateOf(frame)).toMatchObject({ heads: 2 });
  const events = await page.evaluate(() => heard.map(({ data }) => data.event).filter(Boolean));
  expect(events).toEqual(expect.arrayContaining(["state-change", "select", "step-change", "height"]));
});

test("refusals have a code, and change nothing", async ({ page }) => {
  const frame = await embedded(page);
  const before = await stateOf(frame);
  const errors = await page.evaluate(async () => {
    const all = [
      await ask("goto", "nowhere"),
      await ask("goto", "weights", [9, 9, 9]),
      await ask("goto"),
      await ask("evaluate", "1"),
      await ask("setState", "all"),
    ];
    return all.map(({ error }) => (error as { code: string }).code);
  });
  expect(errors).toEqual(["range", "range", "bad_arguments", "unknown_method", "bad_arguments"]);
  expect(await stateOf(frame)).toEqual(before);
});

test("messages of other shapes, other origins and other windows do nothing, and get no answer", async ({ page }) => {
  const frame = await embedded(page);
  const before = await stateOf(frame);
  const count = await page.evaluate(() => heard.length);
  await page.evaluate(() => {
    for (const message of [
      null,
      1,
      "goto",
      [],
      { method: "goto" },
      { type: "attention-playground" },
      new ArrayBuffer(8),
    ])
      send(message);
  });
  // From the frame itself, and from a frame beside it: the right envelope, the wrong window.
  const call = { type: "attention-playground", version: 1, id: "x", method: "goto", args: ["query"] };
  await frame.evaluate((call) => postMessage(call, "*"), call);
  await page.evaluate((call) => {
    const beside = document.createElement("iframe");
    const { promise, resolve } = (() => {
      let resolve = () => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      return { promise, resolve };
    })();
    beside.onload = () => resolve();
    beside.srcdoc = `<script>parent.frames[0].postMessage(${JSON.stringify(call)}, "*")</script>`;
    document.body.append(beside);
    return promise;
  }, call);
  await page.waitForTimeout(300);
  expect(await stateOf(frame)).toEqual(before);
  const answers = await page.evaluate(
    (count) => heard.slice(count).filter(({ data }) => data.event !== "height"),
    count,
  );
  expect(answers).toEqual([]);
});

test("with ?origin= it listens to that origin alone, and tells another nothing but its height", async ({ page }) => {
  const frame = await embedded(page, `${QUERY}&origin=https://elsewhere.example`);
  await page.evaluate(() =>
    send({ type: "attention-playground", version: 1, id: 1, method: "goto", args: ["scores"] }),
  );
  await page.waitForTimeout(300);
  expect((await stateOf(frame)).stage, "it does not obey").toBe("weights");
  // Something to tell of, which is not told.
  await frame.locator("attention-playground").evaluate((one) => (one as Play).goto("query"));
  await page.waitForTimeout(300);
  const told = await page.evaluate(() => heard.map(({ data }) => (typeof data === "string" ? "text" : data.event)));
  expect(new Set(told)).toEqual(new Set(["height", "text"]));
});

test("with ?origin= of the page around, it answers", async ({ page }) => {
  const frame = await embedded(
    page,
    `${QUERY}&origin=${encodeURIComponent(hosts.page)}`,
    'referrerpolicy="no-referrer"',
  );
  await page.evaluate(() => ask("goto", "scores"));
  expect((await stateOf(frame)).stage).toBe("scores");
});

test("it says how high it would like to be, in both forms; given that, it shows all and asks for no more", async ({
  page,
}) => {
  const frame = await embedded(page);
  const heights = () =>
    page.evaluate(() => {
      const own = heard.filter(({ data }) => data.event === "height").map(({ data }) => Number(data.height));
      const embedly = heard
        .filter(({ data }) => typeof data === "string")
        .map(({ data }) => JSON.parse(String(data)) as { src: string; context: string; height: number });
      return { own, embedly };
    });
  await expect.poll(async () => (await heights()).own.length).toBeGreaterThan(0);
  const { own, embedly } = await heights();
  expect(embedly.at(-1)).toMatchObject({ context: "iframe.resize", height: own.at(-1) });
  expect(embedly.at(-1)?.src).toBe(frame.url());
  // The page around does as it is asked, until nothing more is asked for.
  await page.evaluate(() => {
    const frame = document.querySelector("iframe") as HTMLIFrameElement;
    const obey = () => {
      const height = heard.findLast(({ data }) => data.event === "height")?.data.height;
      frame.height = String(height);
    };
    addEventListener("message", obey);
    obey();
  });
  await page.waitForTimeout(500);
  const settled = (await heights()).own;
  await page.waitForTimeout(300);
  expect((await heights()).own).toEqual(settled);
  expect(settled.length).toBeLessThan(8);
  const overflow = await frame.evaluate(() => document.documentElement.scrollHeight - innerHeight);
  expect(overflow).toBeLessThanOrEqual(0);
});

test('in sandbox="allow-scripts" it has no origin, and works all the same', async ({ page }) => {
  const frame = await embedded(page, QUERY, 'sandbox="allow-scripts"');
  expect(await frame.evaluate(() => origin)).toBe("null");
  const answer = await page.evaluate(() => ask("explain", "weights", [0, 1, 2]));
  expect((answer.result as { value: number }).value).toBeGreaterThan(0);
  expect(await page.evaluate(() => heard.at(-1)?.origin)).toBe("null");
});

test('in sandbox="allow-scripts": a model, and a run that needs workers', async ({ page }) => {
  const model = await embedded(page, "stage=weights", 'sandbox="allow-scripts"');
  expect(await model.locator("attention-playground").evaluate((one) => (one as Play).trace?.tokens.query.length)).toBe(
    12,
  );
  const text = "word+".repeat(200);
  const large = await embedded(page, `model=none&heads=8&head-dim=16&text=${text}`, 'sandbox="allow-scripts"');
  expect(await large.locator("attention-playground").evaluate((one) => (one as Play).trace?.tokens.query.length)).toBe(
    200,
  );
});

test("the browser's history stays that of the page around", async ({ page }) => {
  const frame = await embedded(page);
  const before = await page.evaluate(() => history.length);
  for (const stop of ["query", "scores", "output"]) await frame.locator(`[data-stop="${stop}"]`).click();
  expect(await page.evaluate(() => history.length)).toBe(before);
});
