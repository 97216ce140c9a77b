/** Values as Python writes them. */

import { shortest } from "../../view/format.ts";
import { bytesOf, toBase64 } from "../bytes.ts";

/** Longer lists stand in base64: nobody reads them. */
const READABLE = 64;
/** What stands in a string as it is: letters, digits, signs and the space; all else by its code. */
const PLAIN = /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

/** A string that holds just this text: nothing in it ends the string or turns its direction. */
export function pythonText(text: string): string {
  const letters = [...text].map((letter) => {
    if (letter === '"' || letter === "\\") return `\\${letter}`;
    if (PLAIN.test(letter)) return letter;
    const code = letter.codePointAt(0) as number;
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  });
  return `"${letters.join("")}"`;
}

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, "0");

export const pythonList = (texts: readonly string[]): string => `[${texts.map(pythonText).join(", ")}]`;

/** An f32, to all its digits. */
export function pythonNumber(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? shortest(value) : value > 0 ? "inf" : "-inf";
}

/** An f64: JavaScript's shortest form is Python's too. */
export const pythonDouble = (value: number): string => String(value);

/** A call that gives an array of f32. */
export function pythonArray(shape: readonly number[], numbers: Float32Array): string {
  const many = numbers.length > READABLE;
  const held = many ? `"${toBase64(bytesOf(numbers))}"` : `[${Array.from(numbers, pythonNumber).join(", ")}]`;
  return `numbers(${[held, ...shape].join(", ")})`;
}
