/** A matrix as a table that spreadsheets open, RFC 4180: the names of its columns first, and that of each row before it. */

import type { Trace } from "../engine/types.ts";
import { shortest } from "../view/format.ts";
import type { MatrixView, Side } from "../view/matrix-view.ts";
import { visible } from "./visible.ts";

const LINE_END = "\r\n";
/** Without this mark some spreadsheets take the text for another encoding. */
const UTF_8 = "\ufeff";
/** What a spreadsheet would work out instead of showing it. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/;

export function csv(trace: Trace, view: MatrixView): string {
  const header = ["", ...names(trace, view, "column").map(field)].join();
  const rows = names(trace, view, "row").map((name, row) =>
    [
      field(name),
      ...Array.from({ length: view.columns }, (_, column) => number(view.value(trace, row, column))),
    ].join(),
  );
  return UTF_8 + [header, ...rows, ""].join(LINE_END);
}

/** Tokens by their text, all else by its place from 0; where columns run over two axes, by both. */
function names(trace: Trace, view: MatrixView, side: Side): string[] {
  const axis = side === "row" ? view.rowAxisName : view.columnAxisName;
  const tokens = axis === "key" ? trace.tokens.key : axis === "query" || axis === "token" ? trace.tokens.query : [];
  const count = side === "row" ? view.rows : view.columns;
  const { axes } = view.stage;
  return Array.from({ length: count }, (_, n) => {
    if (side === "column" && !view.inOneAxis) {
      const index = view.index(0, n);
      return [axes.length - 2, axes.length - 1].map((at) => `${axes[at]} ${index[at]}`).join(" ");
    }
    const place = view.along(side, n);
    return tokens[place] ?? (axis ? `${axis} ${place}` : String(place));
  });
}

function field(text: string): string {
  const plain = visible(text);
  const guarded = FORMULA.test(plain) ? `'${plain}` : plain;
  return /[",]|^\s|\s$/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** As programs read it. */
function number(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? shortest(value) : value > 0 ? "inf" : "-inf";
}
