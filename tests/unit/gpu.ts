/** A GPU's worker as the tests want it to be: it answers with the CPU's numbers, or fails on command. */

import type { Call, Request, Result, Surroundings } from "../../www/engine/backends.ts";
import { EngineError, toPlainError } from "../../www/engine/errors.ts";
import type { Reply, WorkerHandle } from "../../www/engine/pool.ts";

type Answer = (name: string, request: unknown) => unknown;

interface Message {
  name: string;
  request: unknown;
  buffer: ArrayBuffer;
}

/** Thrown by an answer: none comes. */
export const SILENCE = Symbol("no answer");

export class FakeGpu {
  adapter = { name: "a test's adapter", isFallback: false };
  /** In the place of what the CPU says. */
  answer: Answer | undefined;
  started = 0;
  /** Calls that arrived, of the workers together. */
  readonly seen: string[] = [];
  /** Most that a worker had at once. */
  most = 0;
  /** Milliseconds of the clock; a call on the GPU takes `gpuMs` of them for each million of its cost, and `gpuStart` besides. */
  clock = 0;
  idle: () => Promise<void> = () => Promise.resolve();
  #workers: { end: () => void; fail: (reason: string) => void }[] = [];
  readonly #cpu: Record<Call, (request: never) => Promise<Result>>;

  constructor(cpu: Record<Call, (request: never) => Promise<Result>>) {
    this.#cpu = cpu;
  }

  get around(): Surroundings {
    return {
      start: () => this.#start(),
      now: () => this.clock,
      idle: () => this.idle(),
    };
  }

  /** The worker that was started last is gone. */
  kill(): void {
    this.#workers.at(-1)?.end();
  }

  /** Its script fails. */
  crash(reason: string): void {
    this.#workers.at(-1)?.fail(reason);
  }

  async #start(): Promise<WorkerHandle> {
    this.started++;
    let onMessage = (_: Reply) => {};
    let open = 0;
    let alive = true;
    const events = { end: () => {}, fail: (_: string) => {} };
    this.#workers.push(events);
    return {
      post: (message, transfer) => {
        const { name, request, buffer } = structuredClone(message, { transfer }) as Message;
        this.seen.push(name);
        this.most = Math.max(this.most, ++open);
        void this.#reply(name, request).then((reply) => {
          if (reply) open--;
          if (reply && alive) onMessage(structuredClone({ ...reply, buffer }, { transfer: [buffer] }));
        });
      },
      onMessage: (handler) => {
        onMessage = handler;
      },
      onFailure: (handler) => {
        events.fail = handler;
      },
      onEnd: (handler) => {
        events.end = handler;
      },
      terminate: () => {
        alive = false;
      },
    };
  }

  async #reply(name: string, request: unknown): Promise<Reply | undefined> {
    try {
      const answer = await this.answer?.(name, request);
      if (answer !== undefined) return { result: answer };
      if (name === "open") return { result: this.adapter };
      return { result: { ...(await this.#cpu[name as Call](request as never)), backend: "webgpu" } };
    } catch (thrown) {
      if (thrown === SILENCE) return undefined;
      return { error: toPlainError(thrown, name) };
    }
  }
}

export const failure = (code: string): EngineError =>
  new EngineError({ code, operation: "webgpu", expected: "a GPU in order", found: code });

/** Large enough to ask for the GPU, as nothing is computed here that takes time. */
export const large = (tokens = 512): Request => ({
  tokens: { query: Array.from({ length: tokens }, (_, n) => `t${n}`) },
  heads: 4,
  headDim: 16,
});
