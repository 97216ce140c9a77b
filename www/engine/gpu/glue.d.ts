/** What the GPU's wasm exports, until its build makes the types itself. */
declare module "*/wasm/gpu.js" {
  export function initSync(options: { module: WebAssembly.Module }): unknown;
  export function open(): Promise<{ name: string; isFallback: boolean }>;
  export function compute_attention(request: unknown): Promise<unknown>;
  export function trace_attention(request: unknown): Promise<unknown>;
  export function close(): void;
}
