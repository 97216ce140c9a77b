import { describe, expect, it } from "vitest";
import { parseJson, parseQuery, toJson, toQuery } from "../../www/state/codec.ts";
import { attributeName, defaultState, FIELD_NAMES, FIELDS, type State } from "../../www/state/fields.ts";
import { type Change, Store } from "../../www/state/store.ts";

const odd: State = {
  ...defaultState(),
  text: "Ünïcode & “quotes” = ? # 😀 <b>",
  heads: 3,
  causal: true,
  scale: 0.25,
  position: "sinusoidal",
  seed: 4_294_967_295,
  stage: "weights",
  cell: 12.375,
  pin: "weights,0,9,5",
  hide: "header,controls",
  matrices: { q: { shape: [1, 2], data: [1.5, "NaN"] } },
};

describe("the one table", () => {
  it("goes to a query and back unchanged", () => {
    expect({ ...defaultState(), ...parseQuery(toQuery(odd)).values }).toEqual(odd);
    expect(toQuery(defaultState())).toBe("");
  });

  it("goes to JSON and back unchanged", () => {
    expect({ ...defaultState(), ...parseJson(toJson(odd))?.values }).toEqual(odd);
    expect(parseJson("{}")).toBeUndefined();
    expect(parseJson("nonsense")).toBeUndefined();
  });

  it("says what is as by default where the base is not", () => {
    const state = { ...defaultState(), seed: odd.seed };
    expect({ ...odd, ...parseQuery(toQuery(state, odd)).values }).toEqual(state);
    expect({ ...odd, ...parseJson(toJson(state, odd))?.values }).toEqual(state);
    expect(parseQuery(toQuery(state, odd)).values.seed).toBeUndefined();
  });

  it("numbers that JSON does not have are kept by a link; what is no number is refused", () => {
    const store = new Store(() => undefined);
    const data = [1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    store.set({ matrices: { x: { shape: [2, 2], data } } }, "api", "none");
    const { values, warnings } = parseQuery(toQuery(store.state));
    expect(warnings).toEqual([]);
    expect(values.matrices).toEqual({ x: { shape: [2, 2], data: [1, "NaN", "Infinity", "-Infinity"] } });
    for (const bad of [[1, undefined, 3, 4], new Array(4), [1, null, 3, 4], [1, "2", 3, 4]]) {
      const told: Change[] = [];
      const other = new Store((change) => told.push(change));
      other.set({ matrices: { x: { shape: [2, 2], data: bad as number[] } } }, "api", "none");
      expect(other.state.matrices).toBeNull();
      expect(told.flatMap(({ warnings }) => warnings.map(({ field }) => field))).toEqual(["matrices"]);
    }
  });

  it("ignores unknown keys; a bad value becomes its default with one warning", () => {
    const { values, warnings } = parseQuery(
      "?utm_source=x&__proto__=1&heads=0&seed=1.5&position=up&causal=perhaps&head-dim=8",
    );
    expect(values).toEqual({ headDim: 8 });
    expect(warnings.map(({ field }) => field).sort()).toEqual(["causal", "heads", "position", "seed"]);
    for (const warning of warnings) expect(warning.code).toBe("bad_value");
  });

  it.each(FIELD_NAMES)("%s: junk never gets through", (name) => {
    for (const junk of ["\0", "NaN", "Infinity", "-1e999", "[object Object]", "<script>", "9".repeat(500), "{}"]) {
      const { values } = parseQuery(`${attributeName(name)}=${encodeURIComponent(junk)}`);
      const value = values[name];
      const field = FIELDS[name];
      if (field.type === "integer" || field.type === "number")
        expect(value === undefined || Number.isFinite(value)).toBe(true);
      if (field.type === "choice") expect(value === undefined || field.choices?.includes(String(value))).toBe(true);
    }
  });
});

describe("Store", () => {
  const make = () => {
    const changes: Change[] = [];
    return { changes, store: new Store((change) => changes.push(change)) };
  };

  it("tells what changed, and what was given though nothing did", () => {
    const { store, changes } = make();
    store.set({ heads: 4 }, "user");
    store.set({ heads: 4 }, "user");
    expect(changes).toEqual([
      { changed: ["heads"], given: ["heads"], source: "user", warnings: [] },
      { changed: [], given: ["heads"], source: "user", warnings: [] },
    ]);
  });

  it("what a review corrects was never there, and is told once", () => {
    const told: Change[] = [];
    const warning = { code: "bad_value", field: "head", expected: () => "0", found: "7" } as const;
    const store = new Store(
      (change) => told.push(change),
      ({ head }) => (head > 1 ? { changes: { head: -1 }, warnings: [warning] } : { changes: {}, warnings: [] }),
    );
    store.set({ head: 7, token: 1 }, "api");
    expect(store.state).toMatchObject({ head: -1, token: 1 });
    expect(told).toEqual([{ changed: ["token"], given: ["head", "token"], source: "api", warnings: [warning] }]);
  });

  it("stays as it is once it is closed", () => {
    const { store, changes } = make();
    store.close();
    store.set({ heads: 4 }, "user");
    expect(store.state.heads).toBe(2);
    expect(changes).toEqual([]);
  });

  it("a saved state comes back whole; what is the reader's stays", () => {
    const { store } = make();
    store.set({ heads: 3, causal: true, theme: "dark" }, "user");
    store.load(JSON.parse(toJson({ ...defaultState(), seed: 9 })), "user");
    expect(store.state).toEqual({ ...defaultState(), seed: 9, theme: "dark" });
  });

  it("keeps the last good value and warns", () => {
    const { store, changes } = make();
    store.set({ heads: 4 }, "user");
    store.set({ heads: 99 }, "user");
    expect(store.state.heads).toBe(4);
    const [warning] = changes[1]?.warnings ?? [];
    expect(warning).toMatchObject({ field: "heads", found: "99" });
    expect(warning?.expected()).toBe("a whole number from 1 to 16");
  });
});
