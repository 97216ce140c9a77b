/** Which model a state asks for: old links mean what they did. */

import { describe, expect, it } from "vitest";
import { modelOf } from "../../www/state/choice.ts";
import { parseQuery } from "../../www/state/codec.ts";
import { defaultState, FIELD_NAMES, FIELDS, type State } from "../../www/state/fields.ts";

const asked = (changes: Partial<State>) => modelOf({ ...defaultState(), ...changes });
const linked = (query: string) => asked(parseQuery(query).values);

describe("the model of a state", () => {
  it("is the default model where nothing is said, and whatever is looked at", () => {
    expect(asked({})).toBe("pronoun");
    for (const name of FIELD_NAMES.filter((field) => FIELDS[field].kind === "view")) {
      expect(asked({ [name]: name === "head" ? 3 : "x" })).toBe("pronoun");
    }
    expect(linked("text=the+cat&stage=weights&layer=0&block=encoder&temperature=2")).toBe("pronoun");
  });

  it("is none as soon as a field is set that only an untrained run has", () => {
    for (const query of ["heads=4", "causal=true", "seed=2", "position=rotary", "mask=0-1", "key-text=a", "window=1,1"])
      expect(linked(query), query).toBe("");
    expect(asked({ matrices: { q: { shape: [1, 1], data: [1] } } })).toBe("");
    // What stands for the default is no choice.
    expect(linked("heads=2&seed=1")).toBe("pronoun");
  });

  it("is the one that is named, whatever else is set", () => {
    expect(linked("model=dates&heads=4")).toBe("dates");
    expect(linked("model=none")).toBe("");
    expect(linked("model=own")).toBe("own");
    expect(linked("model=nonesuch")).toBe("pronoun");
  });
});
