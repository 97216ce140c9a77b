/** Twin of ../card.ts. */

import type { CardWords } from "../card.ts";

export const card: CardWords = {
  model: "它是什么",
  parameters: "{n} 个训练出来的数，{bytes} 字节",
  data: "训练数据",
  test: "在没见过的数据上的得分",
  limits: "它做不到什么",
  file: "完整的模型卡",
  own: "这是您自己的模型：页面只知道它的文件里写着的内容。",
  family: "{family}，宽度 {width}，{parameters} 个数",
};
