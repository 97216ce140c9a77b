/** The code for other pages: what the state holds stays a value in it, whatever that is. */

import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { ask } from "../../scripts/lib/setup.mjs";
import { snippet, WAYS } from "../../www/element/share/snippets.ts";
import { parseQuery } from "../../www/state/codec.ts";
import { defaultState, PARTS, type State } from "../../www/state/fields.ts";
import { take } from "../../www/text/take.ts";

const BASE = "https://example.org/a&b/";
const HOSTILE = [
  '"><script>alert(1)</script>',
  "</iframe><img src=x onerror=alert(1)>",
  "'; import os #",
  '"""\n"); import os',
  "{alert(1)}</AttentionPlayground>",
  "a\0\u001b[2J\u202e\u2028`$" + "{x}",
  "plain, it's \\ & <b>",
];
const stateWith = (text: string, more: Partial<State> = {}): State => ({
  ...defaultState(),
  model: "none",
  text,
  ...more,
});

/** Values of attributes, as a browser reads them. */
function attributes(code: string, name: string): Record<string, string> {
  const [, inner = ""] = code.match(new RegExp(`<${name}((?:[^>"]|"[^"]*")*)>`)) ?? [];
  const decode = (text: string) => text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
  return Object.fromEntries(
    [...inner.matchAll(/ ([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key, decode(value as string)]),
  );
}

describe.each(HOSTILE)("%j", (text) => {
  it("stays the value of an attribute of the element", () => {
    const code = snippet("element", stateWith(text), BASE) ?? "";
    expect(attributes(code, "attention-playground").text).toBe(text);
    expect(code.match(/</g)).toHaveLength(4);
    expect(attributes(code, "script").src).toBe(`${BASE}element.js`);
  });

  it("stays a part of the address of a frame", () => {
    const code = snippet("frame", stateWith(text), BASE) ?? "";
    expect(code.match(/</g)).toHaveLength(2);
    const address = new URL(attributes(code, "iframe").src as string);
    expect(parseQuery(address.search).values.text).toBe(text);
  });

  it("stays a literal in React", () => {
    const code = snippet("react", stateWith(text, { heads: 3, causal: true }), BASE) ?? "";
    const props = code.match(/<AttentionPlayground(.*) \/>;$/)?.[1] ?? "";
    const literal = props.match(/ text=\{("(?:[^"\\]|\\.)*")\}/)?.[1] ?? "";
    expect(JSON.parse(literal)).toBe(text);
    expect(props).toContain(" heads={3} causal={true}");
    expect(code).not.toMatch(/<(?!AttentionPlayground)/);
  });

  const python = ask("python3", ["--version"]) !== undefined;
  it.skipIf(!python)("stays a literal in a notebook", () => {
    const code = snippet("notebook", stateWith(text), BASE) ?? "";
    const read =
      "import ast, json, sys\ncalls = [one for one in ast.walk(ast.parse(sys.stdin.read())) if isinstance(one, ast.Call)]\nassert len(calls) == 1\nprint(json.dumps(calls[0].args[0].value))";
    const address = new URL(JSON.parse(execFileSync("python3", ["-c", read], { input: code, encoding: "utf8" })));
    expect(parseQuery(address.search).values.text).toBe(text);
  });
});

it("every part that can be left out has a word", () => {
  expect(Object.keys(take.parts)).toEqual([...PARTS]);
});

it("no address holds what is too long for one", () => {
  const long = stateWith("dog ".repeat(700));
  expect(WAYS.map((way) => snippet(way, long, BASE) !== undefined)).toEqual([true, false, true, false]);
});

it("says nothing of what is as usual", () => {
  expect(snippet("element", defaultState(), "./")).toBe(
    '<script type="module" src="./element.js"></script>\n<attention-playground></attention-playground>',
  );
});
