/** engine.js in a page without anything else, and the published vectors through it. */

import type { Page } from "@playwright/test";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { EngineOptions, Tensor } from "../../www/engine/types.ts";
import type { Case } from "../conformance/cases.ts";

type Packed = { kind: string; data: number[] };

/** Typed arrays do not cross into the page as such. */
const pack = (value: unknown): unknown => {
  if (ArrayBuffer.isView(value))
    return { kind: value.constructor.name, data: Array.from(value as Float32Array) } satisfies Packed;
  if (Array.isArray(value)) return value;
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, pack(part)]));
  }
  return value;
};

export async function blank(page: Page): Promise<void> {
  await page.route("**/blank.html", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>blank</title>" }),
  );
  await page.goto("./blank.html");
}

export interface Ran {
  /** What computed it; empty where there is only one way. */
  backend: string;
  /** Why it was not the GPU. */
  reason: string;
  tensor(field: string): Tensor | undefined;
}

/** What came of each, in order. */
export async function runCases(page: Page, cases: Case[], options: EngineOptions): Promise<Ran[]> {
  const results = await page.evaluate(
    async ({ jobs, options }) => {
      const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
      const engine = await createEngine(options);
      const kinds = { Float32Array, Uint8Array, Int32Array } as Record<string, { from(data: number[]): unknown }>;
      const unpack = (value: unknown): unknown => {
        if (!value || typeof value !== "object" || Array.isArray(value)) return value;
        const { kind, data } = value as Packed;
        if (typeof kind === "string" && Array.isArray(data)) return kinds[kind]?.from(data);
        return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unpack(part)]));
      };
      const plain = (tensor: Tensor) => ({ shape: tensor.shape, data: Array.from(tensor.data) });
      const all: { backend: string; reason: string; fields: Record<string, { shape: number[]; data: number[] }> }[] =
        [];
      for (const { method, request } of jobs) {
        const result = (await engine[method](unpack(request) as never)) as unknown as Record<string, Tensor> & Tensor;
        const fields: Record<string, { shape: number[]; data: number[] }> = {};
        if (result.data && result.shape) fields[""] = plain(result);
        else for (const [name, tensor] of Object.entries(result)) if (tensor?.shape) fields[name] = plain(tensor);
        const { backend = "" } = result as { backend?: string };
        all.push({ backend, reason: engine.fellBack(result as never)?.text ?? "", fields });
      }
      engine.dispose();
      return all;
    },
    { jobs: cases.map(({ method, request }) => ({ method, request: pack(request) })), options },
  );
  return results.map(({ backend, reason, fields }) => ({
    backend,
    reason,
    tensor: (field) => fields[field] as unknown as Tensor | undefined,
  }));
}
