/** What a request becomes on its way to another thread. */

import { expect, it } from "vitest";
import { BufferStore } from "../../www/engine/buffer-store.ts";
import { packed, transferables } from "../../www/engine/transfer.ts";

it("the numbers of a request are copied into one buffer, each kind at a place of its own, and the rest stays", () => {
  const q = Float32Array.of(1, 2, 3);
  const request = {
    q: { shape: [3], data: q },
    k: { shape: [3], data: q },
    mask: { shape: [1], data: Uint8Array.of(1) },
    kvLengths: Int32Array.of(7, 8),
    tokens: { query: ["a", "b"] },
    causal: true,
    none: undefined,
    nothing: null,
  };
  const { value, buffer } = packed(request, new BufferStore(1));
  expect(value).toEqual(request);
  expect(transferables(value)).toEqual([buffer]);
  q[0] = 9;
  expect(value.q.data[0]).toBe(1);
  structuredClone(value, { transfer: [buffer] });
  expect(buffer.byteLength).toBe(0);
  expect(q.byteLength).toBe(12);
});

it("a view takes what it shows along, and not all that lies beside it", () => {
  const { buffer } = packed(new Float32Array(1_000_000).subarray(5, 9), new BufferStore(1));
  expect(buffer.byteLength).toBe(16);
});

it("the buffer is used again", () => {
  const store = new BufferStore(1);
  const first = packed({ data: Float32Array.of(1, 2) }, store).buffer;
  store.give(first);
  const next = packed({ data: Float32Array.of(3) }, store);
  expect(next.buffer).toBe(first);
  expect([...next.value.data]).toEqual([3]);
});

it("what is neither plain nor numbers is left for cloning to judge", () => {
  const odd = { at: new Date(0), run: () => 1, view: new DataView(new ArrayBuffer(8)), list: [1, 2] };
  const { value } = packed(odd, new BufferStore(1));
  for (const name of ["at", "run", "view", "list"] as const) expect(value[name]).toBe(odd[name]);
  expect(() => structuredClone(value)).toThrow();
});
