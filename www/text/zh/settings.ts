/** Twin of ../settings.ts. */

import type { SettingWords } from "../settings.ts";

export const settings: SettingWords = {
  label: "设置",
  more: "更多设置",
  newSeed: "下一个",
  auto: "= {n}",
  none: "无",
  maskEdit: "编辑掩码：点击分数的单元格，隐藏或显示它",
  matrices: {
    help: "粘贴或拖入 Q、K、V，或者 X 以及 W_Q、W_K、W_V、W_O：CSV、TSV、JSON，或 NumPy 和 PyTorch 打印出来的样子都可以。给每个矩阵一个名字，如“Q = [[1, 0], [0, 1]]”，或拖入 q.csv 这样的文件。没有名字的单个矩阵就是 X。",
    use: "使用这些矩阵",
    fill: "从正在显示的数开始",
  },
  hints: {
    window: "左,右；-1 = 不限",
    decay: "状态 × e^衰减",
    mask: "查询-键_查询-键",
  },
  glosses: {
    attention: "自注意力在一个句子之内看；交叉注意力看另一个句子；线性的几种不回头看，而是保持一个大小固定的状态。",
    heads: "一个头就是一份独立的注意力，占用自己的一段通道；几个头并行工作。",
    kvHeads: "键和值的头可以比查询的头少：几个查询头共用一个（分组查询注意力）。",
    headDim: "一个头的查询、键或值有多少个数：d_k。",
    causal: "每个词元只看自己和前面的内容，就像会续写的语言模型那样。",
    window: "每个词元向左、向右只看这么多个词元。",
    scale: "每个点积要乘的数；默认是头大小的平方根的倒数。",
    softcap: "把分数平滑地限制在正负这个数之间。",
    position: "词元的位置怎样进入计算：加上正弦和余弦，旋转查询和键（RoPE），或加上随距离变化的偏置（ALiBi）。",
    seed: "未训练的嵌入和权重由这个数产生；相同的种子产生相同的数。",
    decay: "每一步状态都乘以 e 的这个次方，旧的词元因此逐渐淡去。",
    beta: "每个词元在状态中纠正误差的多大一部分。",
    mask: "不可以看的“查询-键”对，从 0 数起。",
  },
};
