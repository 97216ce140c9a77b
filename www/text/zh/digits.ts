/** Twin of ../digits.ts. */

import type { DigitWords } from "../digits.ts";

export const digits: DigitWords = {
  draw: "画一个数字",
  drawHelp: "用指针来画。在旁边的图像上，方向键移动，空格键添上或抹去墨迹。",
  reads: "模型读到的",
  patches: "图像分成 4 × 4 的小块，每块是一个词元，并标出分类词元给它的权重",
  clear: "清除",
  take: "或者选一个：",
  ink: "第 {row} 行，第 {column} 列，墨迹 {ink}（最多 16）",
};
