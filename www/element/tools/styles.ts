import { css } from "lit";
import { adopt } from "../adopt.ts";

const styles = css`
.zoom svg { display: block; margin: auto; fill: currentColor; }
.zoom [aria-expanded="true"] { background: var(--paper); border-color: var(--text); }
.tool { flex: 1; min-width: 0; }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 8px; font-size: 13px; color: var(--soft); }
.bar label { display: flex; align-items: center; gap: 6px; }
.bar .quiet { min-width: 30px; padding: 0 6px; }
.bar .quiet:disabled { opacity: 0.45; cursor: default; }
.bar [data-find] { width: 16ch; padding: 2px 8px; }
.bar [type="number"] { width: 8ch; padding: 2px 6px; color: var(--text); }
.bar [type="range"] { width: 130px; margin: 0; accent-color: var(--query); }
.bar [data-found] { overflow-wrap: anywhere; color: var(--text); }
.kept { flex: 1 1 100%; display: flex; flex-wrap: wrap; gap: 0 10px; align-items: baseline; }
.rows { position: relative; }
.rows summary { min-height: 24px; padding: 0; }
.rows ol {
  position: absolute; z-index: 5; bottom: 100%; inset-inline-end: 0; width: 260px; max-height: 250px; overflow-y: auto; margin: 0; padding: 4px; list-style: none;
  background: var(--page); border: 1px solid var(--line); border-radius: 6px;
}
.rows button { width: 100%; display: flex; justify-content: space-between; gap: 10px; border: 0; background: none; padding: 2px 6px; text-align: start; border-radius: 4px; }
.rows button:hover { background: var(--paper); }
.rows b { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--text); }
.cell.faded { color: var(--soft) !important; }

.minimap { position: absolute; z-index: 3; border: 1px solid var(--text); background: var(--page); cursor: pointer; touch-action: none; box-sizing: content-box; }
.minimap[hidden], .bands[hidden] { display: none; }
.scene .minimap canvas { position: absolute; inset: 0; width: 100%; height: 100%; image-rendering: pixelated; }
.minimap i { position: absolute; border: 2px solid var(--key); box-shadow: 0 0 0 1px var(--page); pointer-events: none; }
.minimap[data-corner$="right"] { right: 8px; }
.minimap[data-corner$="left"] { left: 8px; }
.minimap[data-corner^="top"] { top: 8px; }
.minimap[data-corner^="bottom"] { bottom: 8px; }

.bands { position: absolute; inset: 0; overflow: hidden; pointer-events: none; }
.bands i { position: absolute; border: 2px solid var(--key); background: color-mix(in srgb, var(--key) 14%, transparent); }

.scene.zoomed { user-select: none; }
.swiping > :is(canvas, .overlay, .tip, .bands), .beside { translate: var(--swipe, 0) 0; }
.settling > :is(canvas, .overlay, .tip, .bands), .settling .beside { transition: translate 0.2s ease-out; }
.beside { position: absolute; top: 0; left: calc(var(--side) * 100%); width: 100%; height: 100%; overflow: hidden; }
@container (max-width: 899px) {
  .below:has(.tool) { flex-wrap: wrap; }
  .tool { order: 1; flex: 1 1 100%; }
  .zoom { flex: 1; }
  .rows ol { inset: 100% auto auto 0; }
}
@container (max-width: 520px) {
  .bar [data-find] { flex: 1 1 12ch; }
  .bar [type="range"] { width: 96px; }
}
`;

export const adoptStyles = (root: ShadowRoot): void => adopt(root, [styles]);
