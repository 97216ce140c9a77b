/** Twin of ../own.ts. */

import type { OwnWords } from "../own.ts";

export const own: OwnWords = {
  title: "您自己的模型",
  help: "BERT、GPT-2 或 BART，或读 8 × 8 像素的 ViT，需要 config.json、model.safetensors 和 tokenizer.json。文件不会离开这台机器。可以把文件或整个文件夹拖到这里。",
  files: "选择文件",
  folder: "选择文件夹",
  hub: "或按名字从 {host} 获取",
  hubName: "所有者/名称",
  find: "问 {host} 有什么",
  found: "{host} 上的 {name}：要下载 {size}。",
  noSize: "主机没有告知的大小",
  fetch: "从 {host} 下载 {size}",
  keep: "保存在这个浏览器里",
  forget: "删除保存过的一切",
  forgotten: "现在什么也没有保存。",
  busy: "正在询问 {host}……",
  close: "关闭",
};
