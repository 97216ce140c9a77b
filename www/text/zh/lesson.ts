/** Twin of ../lesson.ts. */

import type { LessonWords } from "../lesson.ts";

export const lesson: LessonWords = {
  label: "课程",
  chapters: "章节",
  gallery: "值得一看",
  step: "第 {n} 步，共 {all} 步",
  back: "上一步",
  next: "下一步",
  leave: "离开课程",
  following: "下一课：{title}",
  moved: "您已离开这一步的画面。",
  restore: "回到这一步",
  predict: "先猜一猜",
  guess: "您的猜测",
  percent: "（%）",
  check: "检查",
  showMe: "直接看答案",
  right: "对。",
  shown: "答案：",
  no: "不太对。",
  wrong: "不太对。您说的是 {given}；答案是",
  absent: "…",
  loading: "正在加载课程。",
  fromFile: "来自文件的课程不包含在链接中：请再次拖入该文件。",
  refused: "课程：应为 {expected}，实为 {found}。",
  wrongStep: "本课第 {n} 步：应为 {expected}，实为 {found}。",
};
