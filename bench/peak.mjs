/** Two tiny loops in WebAssembly: as many multiply-adds as one core can start, with and without relaxed-simd. */

import binaryen from "binaryen";

/**
 * Independent accumulators, few enough for 16 registers: 12 hide a latency of four cycles on two units; with a
 * multiplication and then an addition the latency is longer.
 */
const LANES = { madd: 12, muladd: 14 };

const STEP = {
  madd: (acc) => `(f32x4.relaxed_madd (local.get $x) (local.get $y) ${acc})`,
  // The product hangs on its accumulator, so that no compiler works it out once for all of them.
  muladd: (acc) => `(f32x4.add (f32x4.mul ${acc} (local.get $y)) ${acc})`,
};

/**
 * `bytes` of a module that exports `run(turns) -> sum`, and the float operations of a turn: each accumulator has four
 * floats, each multiplied and added.
 */
export function peakModule(kind) {
  const names = Array.from({ length: LANES[kind] }, (_, lane) => `$a${lane}`);
  const set = (name, value) => `(local.set ${name} ${value})`;
  const module = binaryen.parseText(`(module
    (func (export "run") (param $turns i32) (result f32)
      (local $x v128) (local $y v128) ${names.map((name) => `(local ${name} v128)`).join(" ")}
      ${set("$x", "(f32x4.splat (f32.const 1.5))")}
      ${set("$y", "(f32x4.splat (f32.const 1e-9))")}
      ${names.map((name, lane) => set(name, `(f32x4.splat (f32.const ${lane + 1}))`)).join("\n")}
      (loop $again
        ${names.map((name) => set(name, STEP[kind](`(local.get ${name})`))).join("\n")}
        (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
      (f32x4.extract_lane 0 ${names.reduce((sum, name) => (sum ? `(f32x4.add ${sum} (local.get ${name}))` : `(local.get ${name})`), "")})))`);
  const { SIMD128, RelaxedSIMD } = binaryen.Features;
  module.setFeatures(kind === "madd" ? SIMD128 | RelaxedSIMD : SIMD128);
  if (!module.validate()) throw new Error(`the ${kind} loop is not valid`);
  const bytes = module.emitBinary();
  module.dispose();
  return { bytes: [...bytes], flopsPerTurn: LANES[kind] * 4 * 2 };
}
