/**
 * How the page feels, in numbers: an edit until its picture is drawn, frames while it plays and is scrubbed, the first picture
 * of a cold start, and zooming and moving the image of 4,096 tokens.
 *
 * `node bench/page-frames.mjs` measures dist/site alone; `--json` prints one object.
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "@playwright/test";
import { ensureBrowser, FLAGS } from "../scripts/lib/browser.mjs";
import { main, ROOT } from "../scripts/lib/run.mjs";
import { serve } from "../scripts/lib/server.mjs";
import { median, quantile } from "./statistics.mjs";

const VIEWPORT = { width: 1440, height: 900 };
const EDITS = 60;
const COLD_STARTS = 5;
/** The whole course, in a quarter of its time. */
const SPEED = 4;
/** A frame of a screen of 60 Hz, and what a clock may be off by. */
const FRAME_MS = 16.7;
const CLOCK_MS = 0.5;
const SCRUBS = 240;
const NOTCHES = 60;
const MOVES = 120;

const words = (count, shift = 0) => Array.from({ length: count }, (_, n) => `w${((n + shift) * 7919) % 997}`).join(" ");

/** What is measured in the page: frames, long tasks, edits. */
function instruments() {
  const tasks = [];
  const sink = { frames: undefined, last: 0 };
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
    entryTypes: ["longtask"],
  });
  const tick = (now) => {
    sink.frames?.push(now - sink.last);
    sink.last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  const play = () => document.querySelector("attention-playground");
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const field = (selector) => play().shadowRoot.querySelector(selector);
  globalThis.instruments = {
    /** Until the course is over. */
    async play() {
      play().seek(0);
      play().play();
      const slider = field(".scrub input");
      while (Number(slider.value) < Number(slider.max) - 0.05) await new Promise((done) => setTimeout(done, 50));
      play().pause();
    },
    start() {
      sink.frames = [];
      tasks.length = 0;
    },
    async stop() {
      const { frames } = sink;
      sink.frames = undefined;
      // What has just ended is told of a moment later.
      await new Promise((done) => setTimeout(done, 100));
      return { frames, tasks: tasks.slice() };
    },
    /** Until the frame after the one in which the new trace was drawn: then it is on the screen. */
    async edit(text) {
      const before = play().trace;
      const start = performance.now();
      const input = field('[data-field="text"]');
      input.value = text;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      while (play().trace === before) await new Promise((done) => setTimeout(done));
      await play().updateComplete;
      const drawn = performance.now();
      await frame();
      await new Promise((done) => setTimeout(done));
      return { drawn: drawn - start, shown: performance.now() - start };
    },
    async scrub(steps) {
      const slider = field(".scrub input");
      for (let n = 0; n <= steps; n++) {
        // There and back again.
        slider.value = String(Number(slider.max) * (1 - Math.abs((2 * n) / steps - 1)));
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        await frame();
      }
    },
  };
}

async function open(browser, address, query) {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  await page.addInitScript(instruments);
  const start = performance.now();
  await page.goto(`${address}/?${query}`);
  await page.locator("attention-playground").evaluate((element) => element.ready);
  return { page, ready: performance.now() - start, close: () => context.close() };
}

async function inPage(browser, address, query, task) {
  const { page, close } = await open(browser, address, query);
  try {
    return await task(page);
  } finally {
    await close();
  }
}

const edit = (page, text) => page.evaluate((given) => globalThis.instruments.edit(given), text);

/** Frames and long tasks while `act` runs. */
async function frames(page, act) {
  await page.waitForTimeout(500);
  await page.evaluate(() => globalThis.instruments.start());
  const onCore = await traced(page.context().browser(), act);
  return { ...summary(await page.evaluate(() => globalThis.instruments.stop())), onCore };
}

/** How long the longest task of a page's thread had a core while `act` ran; the rest of its time it waited for one. */
async function traced(browser, act) {
  const session = await browser.newBrowserCDPSession();
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  const traceConfig = { includedCategories: ["toplevel"], recordMode: "recordAsMuchAsPossible" };
  await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig });
  await act();
  const complete = new Promise((done) => session.once("Tracing.tracingComplete", done));
  await session.send("Tracing.end");
  await complete;
  await session.detach();
  const named = events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const tasksOf = ({ pid, tid }) =>
    events.filter((event) => event.name.endsWith("RunTask") && event.pid === pid && event.tid === tid);
  // A page that was closed may still be on its way out: the one that has most to do is ours.
  const [tasks = []] = named.map(tasksOf).sort((a, b) => b.length - a.length);
  if (tasks.length === 0) throw new Error("the trace has no task of the page");
  return tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur / 1000), 0);
}

const summary = ({ frames: all, tasks }) => ({
  frames: all.length,
  median: median(all),
  p95: quantile(all, 0.95),
  p99: quantile(all, 0.99),
  onTime: all.filter((frame) => frame <= FRAME_MS + CLOCK_MS).length / all.length,
  longTasks: tasks.length,
  longest: tasks.length > 0 ? Math.max(...tasks) : 0,
});

const spread = (values) => ({
  min: Math.min(...values),
  median: median(values),
  p95: quantile(values, 0.95),
  max: Math.max(...values),
});

/** One word is another: that is what an edit is. */
async function edits(page) {
  const found = [];
  for (let n = 0; n <= EDITS; n++) {
    const text = words(64).replace("w940", `edit${n}`);
    found.push(await edit(page, text));
    await page.waitForTimeout(60);
  }
  const [, ...timed] = found;
  return { drawn: spread(timed.map(({ drawn }) => drawn)), shown: spread(timed.map(({ shown }) => shown)) };
}

async function playing(page) {
  return frames(page, () => page.evaluate(() => globalThis.instruments.play()));
}

const scrubbing = (page) => frames(page, () => page.evaluate((steps) => globalThis.instruments.scrub(steps), SCRUBS));

/** Zooming in to the numbers, moving there, and out again, by real wheel and pointer events. */
async function image(page) {
  const picture = await edit(page, words(4096));
  const box = await page.locator('.scene .grid[data-view^="weights"]').boundingBox();
  const at = { x: box.x + box.width * 0.4, y: box.y + box.height * 0.4 };
  const wheel = async (delta) => {
    await page.keyboard.down("Control");
    for (let n = 0; n < NOTCHES; n++) await page.mouse.wheel(0, delta);
    await page.keyboard.up("Control");
  };
  await page.mouse.move(at.x, at.y);
  const zoomingIn = await frames(page, () => wheel(-100));
  const moving = await frames(page, async () => {
    await page.mouse.down();
    for (let n = 0; n < MOVES; n++) await page.mouse.move(at.x - 4 * n, at.y - 2 * n);
    await page.mouse.up();
  });
  await page.mouse.move(at.x, at.y);
  const zoomingOut = await frames(page, () => wheel(100));
  return { picture: picture.shown, zoomingIn, moving, zoomingOut };
}

/** By the number of tokens, of eight heads of eight. */
async function eachLength(lengths, measure) {
  const found = [];
  for (const tokens of lengths) {
    const query = `heads=8&head-dim=8&text=${words(tokens).replaceAll(" ", "+")}`;
    found.push({ tokens, ...(await measure(query)) });
  }
  return found;
}

/** Every number in milliseconds, but shares. */
export async function measurePage(browser) {
  const { address, close } = await serve({ "/": join(ROOT, "dist/site") }, [0]);
  try {
    const measure = (query, task) => inPage(browser, address, query, task);
    const cold = [];
    for (let n = 0; n < COLD_STARTS; n++) {
      const { ready, close: done } = await open(browser, address, "");
      cold.push(ready);
      await done();
    }
    return {
      cold: { median: median(cold), max: Math.max(...cold) },
      edits: await measure("heads=8&head-dim=8", edits),
      playing: await eachLength([64, 128], (query) => measure(`${query}&speed=${SPEED}`, playing)),
      scrubbing: await eachLength([128, 512], (query) => measure(query, scrubbing)),
      image: await measure("heads=1&head-dim=64", image),
    };
  } finally {
    close();
  }
}

/** In a browser of its own. */
export async function measureFrames() {
  const browser = await chromium.launch({ executablePath: await ensureBrowser(), args: FLAGS });
  try {
    return { browser: browser.version(), ...(await measurePage(browser)) };
  } finally {
    await browser.close();
  }
}

const ms = (value) => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
const smooth = ({ frames: count, median: middle, p95, p99, onTime, longTasks, longest, onCore }) =>
  `${count} frames, median ${ms(middle)}, p95 ${ms(p95)}, p99 ${ms(p99)}, ${(100 * onTime).toFixed(1)} % within ${FRAME_MS} ms; ${longTasks} long task(s)${longTasks > 0 ? `, the longest ${ms(longest)}` : ""}; no task had a core for more than ${ms(onCore)}`;
const spreadText = ({ min, median: middle, p95, max }) =>
  `min ${ms(min)}, median ${ms(middle)}, p95 ${ms(p95)}, max ${ms(max)}`;

export function pageReport(page) {
  return [
    "The page: an edit from its input event on, frames, and tasks of more than 50 ms on the page's thread",
    `  first picture, cold, ${COLD_STARTS} starts: median ${ms(page.cold.median)}, max ${ms(page.cold.max)}`,
    `  ${EDITS} edits of 64 tokens x 8 heads x 8, until it is drawn: ${spreadText(page.edits.drawn)}`,
    `    until that frame is over: ${spreadText(page.edits.shown)}`,
    ...page.playing.map((run) => `  playing the course, ${run.tokens} tokens x 8 heads x 8: ${smooth(run)}`),
    ...page.scrubbing.map((run) => `  scrubbing ${run.tokens} tokens x 8 heads x 8: ${smooth(run)}`),
    `  4,096 tokens, one head of 64: a picture after ${ms(page.image.picture)}`,
    `    zooming in to numbers: ${smooth(page.image.zoomingIn)}`,
    `    moving there: ${smooth(page.image.moving)}`,
    `    zooming out: ${smooth(page.image.zoomingOut)}`,
  ].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main(async () => {
    const page = await measureFrames();
    console.log(process.argv.includes("--json") ? JSON.stringify(page) : pageReport(page));
  });
}
