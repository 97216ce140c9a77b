import { css } from "lit";
import { adopt } from "../adopt.ts";

const styles = css`
.share-panel {
  position: absolute; z-index: 7; inset-inline-end: 0; margin-top: 6px; width: min(600px, calc(100cqw - 28px)); max-height: 78vh; overflow-y: auto;
  padding: 4px 18px 18px; background: var(--page); color: var(--text); border: 1px solid var(--line); border-radius: 6px; font-size: 14px; line-height: 1.4;
}
.share-panel h2 { font-size: 15px; margin: 16px 0 6px; }
.share-panel h3 { font-size: 12px; font-weight: 600; color: var(--soft); margin: 12px 0 2px; }
.share-panel :is(h2, h3) .note { margin: 0 0 0 12px; font-weight: 400; }
.share-panel > .close { position: sticky; float: inline-end; inset-block-start: 8px; z-index: 1; margin: 10px -8px 0 0; }
.share-panel .line { display: flex; gap: 8px; align-items: center; }
.share-panel .line > input { flex: 1; min-width: 0; font-size: 13px; }
.share-panel ul { list-style: none; margin: 0; padding: 0; }
.share-panel li { display: flex; align-items: baseline; gap: 10px; min-height: 34px; }
.share-panel li > b { flex: none; width: 116px; font-weight: 600; }
.share-panel li > span { flex: 1; min-width: 0; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
.share-panel .quiet { flex: none; font-size: 13px; padding: 2px 10px; min-height: 28px; }
.share-panel label { color: var(--text); }
.share-panel .choices { display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 0; padding: 0; border: 0; }
.share-panel .choices legend { float: inline-start; padding: 3px 12px 0 0; font-size: 13px; color: var(--soft); }
.share-panel .choices label { min-height: 26px; white-space: nowrap; }
.share-panel :is(input[type="radio"], input[type="checkbox"]) { margin: 0; width: 16px; height: 16px; min-height: 0; accent-color: var(--query); }
.share-panel [data-preview] { margin-inline-end: 2px; }
.share-panel pre {
  margin: 6px 0; padding: 8px 10px; max-height: 150px; overflow: auto; background: var(--paper); border-radius: 5px; font: 12.5px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere;
}
.share-panel .film { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 10px; }
.share-panel .film progress { flex: 1; min-width: 80px; accent-color: var(--query); }
.share-panel .note { margin: 4px 0; font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
.share-panel .preview { margin-top: 8px; border: 1px solid var(--line); border-radius: 5px; height: 460px; overflow: auto; padding: 0 8px; }
@container (max-width: 520px) {
  .share-panel { position: fixed; inset: 8px; width: auto; max-height: none; padding: 0 12px 14px; }
  .share-panel li { flex-wrap: wrap; gap: 0 10px; padding: 4px 0; }
  .share-panel li > b { order: 0; width: auto; flex: 1; }
  .share-panel li > .quiet { order: 1; }
  .share-panel li > span { order: 2; flex-basis: 100%; }
}
`;

export const adoptStyles = (root: ShadowRoot): void => adopt(root, [styles]);
