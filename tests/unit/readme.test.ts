/** The README's table of attributes is the state's table of fields. `UPDATE_README=1 npx vitest run readme` writes it. */

import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ABOUT } from "../../www/state/about.ts";
import { attributeName, FIELD_NAMES, FIELDS, type Field } from "../../www/state/fields.ts";

const README = new URL("../../README.md", import.meta.url);
const SECTION = /(<!-- attributes -->\n)[\s\S]*?(<!-- \/attributes -->)/;

function values(field: Field<unknown>): string {
  if (field.choices && field.type === "choice") return field.choices.join(", ");
  if (field.type === "integer" || field.type === "number") return `${field.type}, ${field.min} to ${field.max}`;
  return field.type;
}

function table(): string {
  const rows = FIELD_NAMES.map((name) => {
    const field = FIELDS[name] as Field<unknown>;
    const standard = field.default === null || field.default === "" ? "" : `\`${field.default}\``;
    return `| \`${attributeName(name)}\` | ${values(field)} | ${standard} | ${ABOUT[name]} |`;
  });
  return ["| attribute, URL key | values | default | what it does |", "| --- | --- | --- | --- |", ...rows, ""].join(
    "\n",
  );
}

it("the table in the README is the one in fields.ts", () => {
  const text = readFileSync(README, "utf8");
  expect(text).toMatch(SECTION);
  const wanted = text.replace(SECTION, (_, open: string, close: string) => `${open}${table()}${close}`);
  if (process.env.UPDATE_README) writeFileSync(README, wanted);
  else expect(text).toBe(wanted);
});
