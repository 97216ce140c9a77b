/** A product whose sums are long: its result can be read, its rows have their names, and all of it lies in the room. */

import { describe, expect, it } from "vitest";
import { type Box, layout, NAME_HEIGHT, NUMBER_HEIGHT, type Room } from "../../www/view/layout.ts";
import type { Scene } from "../../www/view/scene.ts";

const ROOM: Room = { width: 1070, height: 440, labelWidth: 70, numberWidth: 38, titleWidth: () => 90 };

/** `tokens` rows of `width` features times weights of so many for each of `columns`, with a bias. */
function product(tokens: number, width: number, columns: number, sumOver = "width") {
  const part = (place: string, rows: number, across: number, rowAxisName: string, columnAxisName = "dim") => ({
    place,
    view: { rows, columns: across, rowAxisName, columnAxisName, stage: { id: place } },
    title: place,
  });
  const parts = [
    part("left", tokens, width, "query", sumOver),
    part("top", width, columns, sumOver),
    part("under", 1, columns, "dim"),
  ];
  const scene = { product: true, parts, result: part("result", tokens, columns, "query") } as unknown as Scene;
  const laid = layout(scene, ROOM);
  const box = (place: string) => laid.boxes.find(({ part: { place: own } }) => own === place) as Box;
  return { laid, left: box("left"), top: box("top"), under: box("under"), result: box("result") };
}

describe("a product whose sums are long", () => {
  it("has numbers in its result, and keeps rows and columns in line", () => {
    const { laid, left, top, under, result } = product(12, 32, 8);
    for (const { cellWidth, cellHeight } of [result, under]) {
      expect(cellWidth).toBeGreaterThanOrEqual(ROOM.numberWidth);
      expect(cellHeight).toBeGreaterThanOrEqual(NUMBER_HEIGHT);
    }
    expect([left.y, left.cellHeight]).toEqual([result.y, result.cellHeight]);
    expect([top.x, top.cellWidth]).toEqual([result.x, result.cellWidth]);
    expect([under.x, under.cellWidth]).toEqual([result.x, result.cellWidth]);
    expect(left.x + 32 * left.cellWidth).toBeLessThan(result.x);
    expect(top.y + 32 * top.cellHeight).toBeLessThan(under.y);
    expect(laid.width).toBeLessThanOrEqual(ROOM.width);
    expect(laid.height).toBeLessThanOrEqual(ROOM.height);
    // not all numbers can be read
    expect(laid.numbers).toBe(false);
  });

  it("names each row where the result is too wide for numbers", () => {
    const { laid, top, result } = product(12, 32, 32);
    expect(result.cellWidth).toBeLessThan(ROOM.numberWidth);
    expect(result.cellHeight).toBeGreaterThanOrEqual(NAME_HEIGHT);
    expect(top.cellHeight).toBeLessThan(result.cellHeight);
    expect(laid.height).toBeLessThanOrEqual(ROOM.height);
  });

  it("is as it was where one size is enough, or where there is no room at all", () => {
    for (const { left, top, result } of [product(4, 6, 4), product(200, 64, 64)]) {
      expect([left.cellWidth, top.cellWidth]).toEqual([result.cellWidth, result.cellWidth]);
      expect([left.cellHeight, top.cellHeight]).toEqual([result.cellHeight, result.cellHeight]);
    }
  });

  it("names what its sums run over on both sides, where that is tokens", () => {
    const { left, top } = product(12, 12, 8, "key");
    expect([left.columnLabels, top.rowLabels]).toEqual(["top", "left"]);
    const narrow = product(18, 18, 16, "key").left;
    expect(narrow.columnLabels).toBe("upright");
    expect(product(12, 32, 8).left.columnLabels).toBe("none");
  });
});
