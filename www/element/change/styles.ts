import { css } from "lit";
import { adopt } from "../adopt.ts";

const styles = css`
.change { display: grid; gap: 12px; flex: none; }
.change section { border-top: 1px solid var(--line); padding-top: 10px; }
.change ul { list-style: none; margin: 6px 0 0; padding: 0; display: grid; gap: 6px; }
.change .box { flex: 1 0 100%; color: var(--soft); font-size: 13px; }
.change li { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 10px; }
.change .figure { font-variant-numeric: tabular-nums; }
.compare { margin-top: 8px; }
.compare fieldset { border: 0; margin: 0 0 6px; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 14px; }
.compare legend { padding: 0; color: var(--soft); font-size: 13px; }
.compare label { display: inline-flex; align-items: center; gap: 5px; min-height: 24px; }
.compare input { margin: 0; accent-color: var(--query); }
.became { margin: 0 0 8px; }
.editor .buttons { margin-top: 6px; gap: 6px; }
.editor input[type="number"] { width: 9em; padding: 3px 8px; }
.change .quiet { text-align: start; }
.moved p { margin: 4px 0; }
.in-turn table { border-collapse: collapse; width: 100%; margin-top: 6px; font-size: 13px; }
.in-turn :is(th, td) { text-align: start; font-weight: inherit; padding: 3px 6px 3px 0; vertical-align: top; border-bottom: 1px solid var(--line); }
.in-turn thead th { color: var(--soft); font-size: 12px; }
.in-turn .bar { display: block; height: 3px; margin-top: 2px; min-width: 1px; background: var(--soft); }
`;

export const adoptStyles = (root: ShadowRoot): void => adopt(root, [styles]);
