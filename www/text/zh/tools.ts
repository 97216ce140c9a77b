/** Twin of ../tools.ts. */

import type { ToolWords } from "../tools.ts";

export const tools: ToolWords = {
  minimap: "概览：按下、拖动，或用方向键移动看得见的部分",
  find: {
    button: "查找词元（/）",
    label: "查找词元",
    none: "没有找到",
    found: "第 {n} 个，共 {all} 个：“{token}”，{place}",
    ofBoth: "第 {n} 个词元",
    ofQuery: "第 {n} 个查询",
    ofKey: "第 {n} 个键",
    before: "上一处（↑）",
    after: "下一处（↓ 或回车）",
    choose: "看它注意什么（Shift 加回车）",
  },
  filter: {
    button: "筛选权重",
    label: "筛选",
    below: "淡化小于此数的权重",
    threshold: "阈值",
    most: "每行保留最大的",
    all: "全部",
    off: "关闭",
    row: "{q} 在 {all} 个权重中保留 {n} 个：占其注意力的 {share}。",
    rows: "所有行：{low} 到 {high}。",
    byRow: "逐行",
    oneRow: "{all} 个中的 {n} 个，{share}",
    nothing: "什么也不注意",
    moreRows: "还有 {n} 行",
    legend: "淡化：已被筛去。",
    working: "正在筛选。",
  },
};
