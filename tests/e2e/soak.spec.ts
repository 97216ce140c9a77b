/** Ten thousand mixed calls, with workers that are ended at random: every result right, memory flat, no job lost. */

import { expect, test } from "@playwright/test";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { AttentionRequest, Tensor } from "../../www/engine/types.ts";

const CALLS = 10_000;

test("ten thousand mixed calls while workers are ended at random", async ({ page }) => {
  test.setTimeout(300_000);
  await page.route("**/blank.html", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>blank</title>" }),
  );
  await page.goto("./blank.html");
  const found = await page.evaluate(async (calls) => {
    // Remembers the workers that have answered once: those that still start have no job to lose.
    const alive = new Set<Worker>();
    const Plain = globalThis.Worker;
    globalThis.Worker = class extends Plain {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        this.addEventListener("message", () => alive.add(this));
      }
      override terminate() {
        alive.delete(this);
        super.terminate();
      }
    };
    const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
    let state = 7;
    const random = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const tensor = (...shape: number[]): Tensor => ({
      shape,
      data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random(2000) / 1000 - 1),
    });

    /** Requests with the answer that the plain twin gave, large ones seldom; refusals with their code. */
    const make = (n: number, d: number): AttentionRequest => {
      const heads = 1 + random(2) * 3;
      const q = tensor(1, heads, n, d);
      const kv = () => tensor(1, heads, n + random(3), d);
      const k = kv();
      return { q, k, v: tensor(...k.shape) };
    };
    const engine = await createEngine({ workers: 2 });
    const jobs: { request: AttentionRequest; expected?: Float32Array; code?: string }[] = [];
    const options = (n: number): Partial<AttentionRequest>[] => [
      {},
      { causal: true },
      { window: [5, 2] },
      { softcap: 1.5, scale: 0.2 },
      { mask: { shape: [n, n], data: Uint8Array.from({ length: n * n }, () => (random(4) ? 1 : 0)) } },
      { kvLengths: Int32Array.of(n - 1) },
    ];
    for (const [n, d, count] of [
      [3, 4, 12],
      [16, 64, 12],
      [70, 32, 12],
      [600, 64, 6],
      [900, 64, 2],
    ] as const) {
      for (let times = 0; times < count; times++) {
        const all = options(n);
        const request = { ...make(n, d), ...all[times % all.length] };
        const { output } = await engine.computeAttention({ ...request, scores: "raw" });
        jobs.push({ request, expected: output.data });
      }
    }
    const small = make(4, 4);
    jobs.push({ request: { ...small, window: [-9, 1] }, code: "option" });
    const uneven = tensor(1, 2, 4, 4);
    jobs.push({ request: { q: tensor(1, 3, 4, 4), k: uneven, v: uneven }, code: "size" });
    jobs.push({ request: { ...small, v: 3 as never }, code: "type" });
    jobs.push({ request: { ...make(600, 64), kvLengths: Int32Array.of(9999) }, code: "size" });

    const problems: string[] = [];
    let answered = 0;
    let large = 0;
    let ended = 0;
    let worst = 0;
    const memory: number[] = [];
    const one = async () => {
      // One call in twenty is large.
      const heavy = jobs.filter(({ request }) => (request.q.shape[2] ?? 0) >= 600);
      const pool = random(20) === 0 ? heavy : jobs.filter((job) => !heavy.includes(job));
      const job = pool[random(pool.length)];
      if (!job) return;
      if (pool === heavy) large++;
      const answer = await engine.computeAttention(job.request).then(
        ({ output }) => output.data,
        (error: EngineModule.EngineError) => error.code,
      );
      answered++;
      if (typeof answer === "string") {
        if (answer !== job.code) problems.push(`code ${answer}, expected ${job.code ?? "a result"}`);
        return;
      }
      if (!job.expected) return void problems.push(`a result, expected code ${job.code}`);
      const difference = answer.reduce((most, x, n) => Math.max(most, Math.abs(x - (job.expected?.[n] as number))), 0);
      worst = Math.max(worst, answer.length === job.expected.length ? difference : Number.POSITIVE_INFINITY);
    };
    // Ends a worker, busy or not, and the next one only when all calls of that time are answered: a job is run again once.
    const running = new Set<object>();
    let waiting = new Set<object>();
    const chaos = setInterval(() => {
      const victim = [...alive][random(alive.size)];
      if (!victim || waiting.size > 0) return;
      victim.terminate();
      ended++;
      waiting = new Set(running);
    }, 20);
    const LANES = 8;
    for (let round = 0; round < 10; round++) {
      let left = calls / 10;
      await Promise.all(
        Array.from({ length: LANES }, async () => {
          while (left-- > 0) {
            const call = {};
            running.add(call);
            await one();
            running.delete(call);
            waiting.delete(call);
          }
        }),
      );
      memory.push(engine.memoryBytes);
    }
    clearInterval(chaos);
    engine.dispose();
    return { problems: problems.slice(0, 5), count: problems.length, answered, large, ended, worst, memory };
  }, CALLS);
  console.log(`soak: ${JSON.stringify(found)}`);
  expect(found.problems).toEqual([]);
  expect(found.answered).toBe(CALLS);
  expect(found.worst).toBeLessThanOrEqual(2e-6);
  expect(found.large, "calls that went to workers").toBeGreaterThan(200);
  expect(found.ended, "workers that were ended").toBeGreaterThan(20);
  expect(found.memory.at(-1), "memory after each tenth").toBe(found.memory[1]);
});
