/** What is wrong with matrices that were pasted or dropped: loaded with the reading of them. */

import { part } from "./say.ts";

const matricesInEnglish = {
  refused: "{what}: expected {expected}, found {found}.",
  whole: "Matrices",
  files: "Files",
  row: "{name} row {row}",
  cell: "{name} row {row}, column {column}",
  place: "{name} at [{place}]",
  number: "{name}, number {n}",
  expected: {
    characters: "at most {n} characters",
    some: "at least one matrix",
    once: "one matrix of that name",
    named: "a name before every matrix",
    names: "one of the names {names}",
    number: "a number",
    likeFirst: "{n} numbers as in row 1",
    numbers: "at most {n} numbers",
    row: "at least one row of numbers",
    matrix: "a matrix",
    lists: "at most {n} nested lists",
    numbersOnly: "numbers",
    entries: "{n} entries as in the first",
    every: "every number",
    brackets: "{n} more “]”",
    end: "the end of the matrix",
    depth: "lists of equal depth",
    bytes: "at most {n} MiB",
    text: "text (CSV, TSV, JSON, NumPy or PyTorch print)",
    tokens: 'a list of texts on one line, like ["a", "b"]',
  },
  found: {
    noText: "no text",
    second: "a second",
    nothing: "nothing",
    more: "more",
    none: "none",
    emptyList: "an empty list",
    short: "“...”: it was printed in short (np.set_printoptions(threshold=np.inf) prints all)",
    textEnd: "the end of the text",
    mixed: "numbers beside lists",
    bytes: "{n} MiB",
    binary: "a binary file",
  },
};

export type MatrixWords = typeof matricesInEnglish;

export let matrices = matricesInEnglish;
part("matrices", matricesInEnglish, (words) => {
  matrices = words;
});
