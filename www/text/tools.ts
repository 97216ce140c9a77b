/** The words of the tools of the scene: loaded with them, after the first picture. */

import { part } from "./say.ts";

const toolsInEnglish = {
  minimap: "Overview: press, drag or use the arrow keys to move what is in sight",
  find: {
    button: "Find a token (/)",
    label: "Find a token",
    none: "not found",
    /** Which of how many, the token, and its place in the sentence. */
    found: "{n} of {all}: “{token}”, {place}",
    ofBoth: "token {n}",
    ofQuery: "query {n}",
    ofKey: "key {n}",
    before: "Match before (↑)",
    after: "Next match (↓ or Enter)",
    choose: "Show what it attends to (Shift and Enter)",
  },
  filter: {
    button: "Filter weights",
    label: "Filter",
    below: "Fade weights below",
    threshold: "Threshold",
    most: "Keep of each row the largest",
    all: "all",
    off: "Off",
    /** Of the row of a token. */
    row: "{q} keeps {n} of {all} weights: {share} of its attention.",
    rows: "All rows: {low} to {high}.",
    byRow: "Row by row",
    oneRow: "{n} of {all}, {share}",
    nothing: "attends to nothing",
    moreRows: "and {n} more rows",
    legend: "Faded: filtered.",
    working: "Filtering.",
  },
};

export type ToolWords = typeof toolsInEnglish;

export let tools = toolsInEnglish;
part("tools", toolsInEnglish, (words) => {
  tools = words;
});
