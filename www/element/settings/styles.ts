import { css } from "lit";
import { adopt } from "../adopt.ts";
import { hidden } from "../hidden.ts";

const styles = css`
.matrices { display: grid; gap: 8px; }
.matrices label { display: grid; gap: 4px; font-size: 13px; color: var(--soft); }
.matrices textarea { width: 100%; font: 13px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; resize: vertical; color: var(--text); }
/* Where little room is: with what is wrong the picture that stays is more to the point than what could be pasted. */
@container (max-width: 520px) {
  .matrices:has(.problem) { gap: 3px; }
  .matrices:has(.problem) label span { ${hidden} }
}
.controls { border-top: 1px solid var(--line); padding-top: 10px; }
.fields { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 6px 14px; }
.field:has(.problem) { grid-column: 1 / -1; }
.field:has(.problem) label { max-width: 50%; }
.field label { display: flex; align-items: center; gap: 8px; font-size: 13px; min-height: 30px; }
.field label span { flex: 1 0 auto; }
.field input[type="number"], .field input[type="text"] { flex: 0 1 78px; min-width: 40px; padding: 2px 6px; }
.field input::placeholder { color: var(--soft); opacity: 1; font-size: 13px; }
.field select { min-width: 0; max-width: 110px; padding: 2px 4px; }
.field .quiet { padding: 1px 6px; font-size: 12px; }
.field .hint { display: block; margin-top: -4px; font-size: 12px; }
`;

export const adoptStyles = (root: ShadowRoot): void => adopt(root, [styles]);
