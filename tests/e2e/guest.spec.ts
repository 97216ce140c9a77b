/** A good guest in somebody else's page: from another origin, many at once, moved, taken away, hidden, left and come back to. */

import { chromium, expect, test } from "@playwright/test";
import { allReady, hostPage, LARGE, tag, twoOrigins, UNTRAINED } from "./host.ts";
import type { Play } from "./page.ts";

const hosts = twoOrigins();
const script = (path = "element.js") => `<script type="module" src="${hosts.package}/${path}"></script>`;

test("from another origin: a model and a large run, both in workers, with CORS alone", async ({ page }) => {
  const errors = await hostPage(page, hosts, script() + tag() + tag(LARGE));
  await allReady(page);
  const found = await page.locator("attention-playground").evaluateAll((all) =>
    all.map((one) => {
      const { trace, state } = one as Play;
      return { tokens: trace?.tokens.query.length, model: state.model };
    }),
  );
  expect(found).toEqual([
    { tokens: 12, model: "auto" },
    { tokens: 200, model: "none" },
  ]);
  const workers = page.workers().map((worker) => new URL(worker.url()));
  expect(workers.length).toBeGreaterThan(1);
  for (const { protocol } of workers) expect(protocol).toBe("blob:");
  expect(errors).toEqual([]);
});

test("it asks for nothing but its own files, and stores nothing", async ({ page, context }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await hostPage(page, hosts, script() + tag());
  await allReady(page);
  await page.locator('[data-stop="weights"]').click();
  await page.locator("[data-tool]").first().waitFor({ state: "attached" });
  const own = (url: string) =>
    url.startsWith(`${hosts.package}/`) || url.startsWith(`blob:`) || url.startsWith("data:");
  expect(asked.filter((url) => !own(url) && !url.endsWith("/host.html"))).toEqual([]);
  expect(await context.cookies()).toEqual([]);
  const kept = await page.evaluate(async () => [
    localStorage.length,
    sessionStorage.length,
    (await indexedDB.databases()).length,
    (await caches.keys()).length,
  ]);
  expect(kept).toEqual([0, 0, 0, 0]);
});

test("ten on one page: one engine, one pool", async ({ page }) => {
  const wasm: string[] = [];
  page.on("request", (request) => request.url().endsWith(".wasm") && wasm.push(new URL(request.url()).pathname));
  await hostPage(page, hosts, script() + tag(UNTRAINED).repeat(9) + tag(LARGE));
  for (let n = 0; n < 10; n++) {
    const one = page.locator("attention-playground").nth(n);
    await one.scrollIntoViewIfNeeded();
    await one.evaluate((element) => (element as Play).ready);
  }
  await page.waitForTimeout(300);
  expect(wasm, "there is no chip here for the GPU's").toEqual(["/engine_bg.wasm"]);
  const cores = await page.evaluate(() => navigator.hardwareConcurrency);
  expect(page.workers().length).toBeGreaterThan(0);
  expect(page.workers().length).toBeLessThanOrEqual(Math.max(2, cores - 1));
});

test("far down the page nothing is loaded until it comes near", async ({ page }) => {
  const wasm: string[] = [];
  page.on("request", (request) => request.url().endsWith(".wasm") && wasm.push(request.url()));
  await hostPage(page, hosts, `${script()}<div style="height:5000px"></div>${tag(UNTRAINED, "<p>the fallback</p>")}`);
  await page.evaluate(() => customElements.whenDefined("attention-playground"));
  await page.waitForTimeout(300);
  expect(wasm).toEqual([]);
  await expect(page.getByText("the fallback")).toBeVisible();
  await page.locator("attention-playground").scrollIntoViewIfNeeded();
  await allReady(page);
  expect(wasm).toHaveLength(1);
});

test("two hundred times put in and taken out: memory, workers and nodes stay flat", async ({ page }) => {
  test.setTimeout(240_000);
  await page.addInitScript(() => {
    const memories: WebAssembly.Memory[] = [];
    const Plain = WebAssembly.Instance;
    WebAssembly.Instance = new Proxy(Plain, {
      construct(target, given) {
        const instance = Reflect.construct(target, given) as WebAssembly.Instance;
        const { memory } = instance.exports;
        if (memory instanceof WebAssembly.Memory) memories.push(memory);
        return instance;
      },
    });
    Object.assign(globalThis, { memories });
  });
  await hostPage(page, hosts, script());
  await page.evaluate(() => customElements.whenDefined("attention-playground"));
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const rounds = (times: number) =>
    page.evaluate(async (times) => {
      for (let n = 0; n < times; n++) {
        const play = document.createElement("attention-playground") as Play;
        // Every fourth with a model.
        if (n % 4) play.setAttribute("model", "none");
        play.setAttribute("text", "dog bites man");
        document.body.append(play);
        await play.ready;
        if (n % 2) play.play();
        // What is loaded after the first picture, too.
        if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 400));
        play.remove();
      }
    }, times);
  const measure = async () => {
    // What the last one waits for, as to load what comes after its picture, has ended by then.
    await page.waitForTimeout(1000);
    // What ends in the first collection may hold what the next ones take.
    for (let n = 0; n < 3; n++) await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    const of = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
    const wasm = await page.evaluate(() => {
      const { memories } = globalThis as unknown as { memories: WebAssembly.Memory[] };
      return memories.map(({ buffer }) => buffer.byteLength);
    });
    return { nodes: of("Nodes"), listeners: of("JSEventListeners"), heap: of("JSHeapUsedSize"), wasm };
  };
  await rounds(20);
  const before = await measure();
  const workers = page.workers().length;
  await rounds(200);
  const after = await measure();
  console.log(`mounted 200 times: ${JSON.stringify({ before, after })}`);
  expect(before.wasm.length).toBeGreaterThan(0);
  expect(after.wasm).toEqual(before.wasm);
  expect(page.workers().length).toBeLessThanOrEqual(workers);
  // One element has thousands of nodes: a single one that was kept would show.
  expect(after.nodes - before.nodes).toBeLessThan(50);
  expect(after.listeners - before.listeners).toBeLessThan(20);
  expect(after.heap - before.heap).toBeLessThan(1e6);
});

test("taken away while it loads, and put in again", async ({ page }) => {
  const errors = await hostPage(page, hosts, `${script()}<div id="place"></div>`);
  const tokens = await page.evaluate(async () => {
    await customElements.whenDefined("attention-playground");
    const place = document.querySelector("#place") as HTMLElement;
    const play = document.createElement("attention-playground") as Play;
    play.state = { model: "none", text: "dog bites man" } as Play["state"];
    const begun = new Promise((resolve) => play.addEventListener("progress", resolve, { once: true }));
    place.append(play);
    // The engine is on its way.
    await begun;
    play.remove();
    await new Promise((resolve) => setTimeout(resolve, 200));
    place.append(play);
    await play.ready;
    play.goto("weights", [0, 1, 2]);
    return [play.trace?.tokens.query.length, play.state.pin];
  });
  expect(tokens).toEqual([3, "weights,0,1,2"]);
  expect(errors).toEqual([]);
});

test("moved while it plays: the same trace, and it answers", async ({ page }) => {
  await hostPage(page, hosts, `${script()}<div id="a">${tag(UNTRAINED)}</div><div id="b"></div>`);
  await allReady(page);
  const found = await page.evaluate(async () => {
    const play = document.querySelector("attention-playground") as Play;
    const { trace } = play;
    play.play();
    for (const id of ["b", "a", "b"]) {
      document.getElementById(id)?.append(play);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    play.goto("weights");
    await play.updateComplete;
    return {
      same: play.trace === trace,
      stage: play.shadowRoot?.querySelector(".scene")?.getAttribute("data-scene"),
      pages: play.shadowRoot?.querySelectorAll(".page").length,
    };
  });
  expect(found).toEqual({ same: true, stage: "weights", pages: 1 });
});

test("in a tab that is not on show it waits, and then has its size", async ({ page }) => {
  await hostPage(page, hosts, `${script()}<div id="tab" style="display:none">${tag(UNTRAINED)}</div>`);
  await page.evaluate(() => customElements.whenDefined("attention-playground"));
  await page.waitForTimeout(200);
  expect(await page.evaluate(() => (document.querySelector("attention-playground") as Play).trace)).toBeNull();
  await page.evaluate(() => document.getElementById("tab")?.removeAttribute("style"));
  await allReady(page);
  const grid = await page.locator('.grid[data-view^="scores"]').boundingBox();
  expect(grid?.width).toBeGreaterThan(50);
  // A tab that is left and shown again.
  for (const display of ["none", "block"])
    await page.evaluate((display) => {
      (document.getElementById("tab") as HTMLElement).style.display = display;
      return new Promise(requestAnimationFrame);
    }, display);
  await expect(page.locator('.grid[data-view^="scores"]')).toBeVisible();
});

test("navigation that only changes what is in the page: the old one ends, the new one stands", async ({ page }) => {
  const errors = await hostPage(page, hosts, `${script()}<main>${tag(LARGE)}</main>`);
  await page.evaluate(() => customElements.whenDefined("attention-playground"));
  await page.evaluate(
    (next) => {
      const arrived = new DOMParser().parseFromString(next, "text/html");
      document.querySelector("main")?.replaceWith(arrived.querySelector("main") as HTMLElement);
    },
    `<main>${tag('model="none" text="man bites dog" stage="weights"')}</main>`,
  );
  await allReady(page);
  const found = await page
    .locator("attention-playground")
    .evaluate((one) => [
      (one as Play).trace?.tokens.query.join(" "),
      one.shadowRoot?.querySelector(".scene")?.getAttribute("data-scene"),
    ]);
  expect(found).toEqual(["man bites dog", "weights"]);
  expect(errors).toEqual([]);
});

for (const [kind, attributes] of Object.entries({ "a model": "", "a pool of workers": LARGE }))
  test(`left, and come back to, with ${kind}: it stands as it was, and answers`, async () => {
    const { launchOptions } = test.info().project.use;
    const browser = await chromium.launch({ ...launchOptions, ignoreDefaultArgs: ["--disable-back-forward-cache"] });
    const page = await browser.newPage();
    const errors = await hostPage(page, hosts, script() + tag(attributes));
    await allReady(page);
    await page.evaluate(() =>
      addEventListener(
        "pageshow",
        (event) => Object.assign(globalThis, { persisted: (event as PageTransitionEvent).persisted }),
        { once: true },
      ),
    );
    hosts.html = `<link rel="icon" href="data:,"><p>elsewhere</p>`;
    await page.goto(`${hosts.page}/host.html?elsewhere`);
    // A page out of this cache tells nothing of loading.
    await page.goBack({ waitUntil: "commit" });
    await allReady(page);
    const found = await page.locator("attention-playground").evaluate(async (one) => {
      const play = one as Play;
      play.goto("weights", [0, 1, 0]);
      const { value } = await play.explain("weights", [0, 1, 0]);
      const { persisted } = globalThis as { persisted?: boolean };
      return [persisted, play.state.pin, value > 0 && value < 1];
    });
    // With a pool it is loaded anew: browsers keep no page whose workers hold locks that are waited for.
    if (attributes === "") expect(found[0]).toBe(true);
    expect(found.slice(1)).toEqual(["weights,0,1,0", true]);
    expect(errors).toEqual([]);
    await browser.close();
  });

test("two versions on one page: the first is the one, and nothing is thrown", async ({ page }) => {
  const errors = await hostPage(page, hosts, script() + script("later/element.js") + tag(UNTRAINED));
  await allReady(page);
  await page.waitForLoadState("networkidle");
  const found = await page.evaluate(async (from) => {
    const [first, later] = await Promise.all(["/element.js", "/later/element.js"].map((path) => import(from + path)));
    const used = customElements.get("attention-playground");
    return { first: used === first.AttentionPlayground, later: used === later.AttentionPlayground };
  }, hosts.package);
  expect(found).toEqual({ first: true, later: false });
  expect(errors).toEqual([]);
});

test("nothing moves on the page while it loads, where it was given its height", async ({ page }) => {
  await page.addInitScript(() => {
    Object.assign(globalThis, { shifts: 0 });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        (globalThis as never as { shifts: number }).shifts += (entry as never as { value: number }).value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await hostPage(
    page,
    hosts,
    `${script()}<p>before</p>${tag(`${UNTRAINED} style="display:block;height:560px"`)}<p>after</p>`,
  );
  await allReady(page);
  await page.locator("[data-tool]").first().waitFor({ state: "attached" });
  expect(await page.evaluate(() => (globalThis as never as { shifts: number }).shifts)).toBe(0);
});
