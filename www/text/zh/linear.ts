/** Twin of ../linear.ts. */

import type { LinearWords } from "../linear.ts";

export const linear: LinearWords = {
  stages: {
    decay: "衰减",
    beta: "Beta",
    past_state: "先前的状态",
    factor: "系数",
    decayed: "衰减后",
    prediction: "预测",
    error: "误差",
    update: "更新",
    state: "状态",
    read: "读出",
  },
  about: {
    factor: "每一步保留[[state|状态]]的多少：e 的[[decay|衰减]]次方。",
    decayed: "这个词元之前的[[state|状态]]，已乘以系数而淡化。每一行是一个词元的状态，展开成一条。",
    prediction: "对这个词元的[[key|键]]，[[state|状态]]已经能给出的回答。",
    error: "词元的[[value|值]]减去[[state|状态]]的预测。",
    update: "写入[[state|状态]]的内容：键乘以它应当得到的回答。",
    state: "每个词元之后的[[state|记忆]]：一个大小固定的矩阵，这里展开成一行，不论文本多长。",
    read: "每个[[query|查询]]读取[[state|状态]]：不再看任何其他词元。",
  },
  cell: {
    factor: "e 的 {q} 的衰减次方：状态保留 {v}。",
    decayed: "{q} 之前状态中的一个数，乘以系数：{v}。",
    prediction: "对 {q} 的键，状态预测第 {c} 个数是 {v}。",
    error: "{q} 的值减去预测，第 {c} 个数：{v}。",
    update: "{q} 写入状态这个位置的数：{v}。",
    state: "{q} 之后，状态的这个位置是 {v}。",
    read: "{q} 的查询从状态读出的第 {c} 个数：{v}。",
  },
  short: {
    prediction: "预测",
  },
};
