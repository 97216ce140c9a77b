/** What one core can do at most: the loops of ../peak.mjs. */

const TURNS = 100_000;
const NAMES = { madd: "peak, relaxed madd", muladd: "peak, mul and add" };

export async function load({ peaks }) {
  const candidates = [];
  const missing = [];
  for (const [kind, { bytes, flopsPerTurn }] of Object.entries(peaks ?? {})) {
    try {
      const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes));
      const subject = {
        synchronous: true,
        flops: TURNS * flopsPerTurn,
        run: () => instance.exports.run(TURNS),
        dispose() {},
      };
      candidates.push({ id: `peak-${kind}`, name: NAMES[kind], kind: "peak", prepare: () => subject });
    } catch (error) {
      missing.push({ id: `peak-${kind}`, reason: error.message });
    }
  }
  return { candidates, missing };
}
