/** Twin of ../share.ts. */

import type { ShareWords } from "../share.ts";

export const sharing: ShareWords = {
  copied: "链接已复制。",
  notCopied: "浏览器不允许复制链接：",
  linkTooLong: "这个状态需要 {n} 个字符，链接最多 {max} 个。已改为保存成文件：拖到这里就能打开。",
};
