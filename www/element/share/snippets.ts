/** The code that puts a state on a page, for each way in. Whatever the state holds, it stays a value in that code. */

import { MAX_URL, toQuery } from "../../state/codec.ts";
import { attributeName, FIELD_NAMES, type State } from "../../state/fields.ts";

export const WAYS = ["element", "frame", "react", "notebook"] as const;
export type Way = (typeof WAYS)[number];

/** Pixels: what an embed is given. */
export const HEIGHT = 700;

/** What the state sets, as attributes. */
export const attributesOf = (state: State): [name: string, value: string][] => [
  ...new URLSearchParams(toQuery(state)).entries(),
];

/** `base`: the folder that the element was loaded from. Undefined where an address would have to hold more than it can. */
export function snippet(way: Way, state: State, base: string): string | undefined {
  const query = toQuery(state);
  const frame = `${base}embed.html${query ? `?${query}` : ""}`;
  if ((way === "frame" || way === "notebook") && frame.length > MAX_URL) return undefined;
  switch (way) {
    case "element": {
      const attributes = attributesOf(state).map(([name, value]) => ` ${name}="${markup(value)}"`);
      return [
        `<script type="module" src="${markup(base)}element.js"></script>`,
        `<attention-playground${attributes.join("")}></attention-playground>`,
      ].join("\n");
    }
    case "frame":
      return `<iframe src="${markup(frame)}" title="Attention playground" width="100%" height="${HEIGHT}" style="border: 0" loading="lazy"></iframe>`;
    case "react":
      return [
        `import { AttentionPlayground } from "attention-playground/react";`,
        "",
        `export const Figure = () => <AttentionPlayground${propsOf(state)} />;`,
      ].join("\n");
    case "notebook":
      return [
        "from IPython.display import IFrame",
        "",
        `IFrame(${literal(frame)}, width="100%", height=${HEIGHT})`,
      ].join("\n");
  }
}

/** Each prop is an expression of its own, in which nothing is markup. */
function propsOf(state: State): string {
  const set = new Set(attributesOf(state).map(([name]) => name));
  const given = FIELD_NAMES.filter((name) => set.has(attributeName(name)));
  return given.map((name) => ` ${name}={${literal(state[name])}}`).join("");
}

/** A literal of JavaScript, and, of text without other signs than those of ASCII, of Python. */
const literal = (value: unknown): string => JSON.stringify(value).replace(/[<>&\u2028\u2029\u007f-\u009f]/g, byCode);

const byCode = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** References for what would end a value or begin a tag, and for what a reader or an editor would not keep as it is. */
const markup = (text: string): string =>
  text.replace(/[&<>"'\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (letter) => `&#${letter.codePointAt(0)};`);
