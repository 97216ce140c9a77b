import { css } from "lit";
import { adopt } from "../adopt.ts";

const styles = css`
.backend-card {
  position: absolute; z-index: 6; inset-inline-end: 0; width: min(440px, calc(100cqw - 28px)); max-height: 76vh; overflow-y: auto;
  padding: 12px 16px; background: var(--page); color: var(--text); border: 1px solid var(--line); border-radius: 6px; font-size: 14px;
}
.backend-card fieldset { border: 0; margin: 0; padding: 0; display: grid; gap: 4px; }
.backend-card legend { padding: 0 0 4px; font-weight: 650; }
.header .backend-card label { align-items: baseline; gap: 8px; min-height: 24px; }
.backend-card b { font-weight: 650; color: var(--text); }
.backend-card input[type="radio"] { flex: none; margin: 0; accent-color: var(--query); }
.backend-card dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 4px 14px; margin: 10px 0; padding-top: 10px; border-top: 1px solid var(--line); }
.backend-card dt { color: var(--soft); }
.backend-card dt[title] { text-decoration: underline dotted 1px; text-underline-offset: 3px; cursor: help; }
.backend-card dd { margin: 0; overflow-wrap: anywhere; }
.backend-reason { color: var(--soft); }
.compared { min-height: 24px; padding-top: 6px; overflow-wrap: anywhere; }
.header .compared .quiet { white-space: normal; text-align: start; padding: 1px 8px; min-height: 26px; }
@container (max-width: 520px) {
  .backend-card { inset-inline: 0; width: auto; }
}
`;

export const adoptStyles = (root: ShadowRoot): void => adopt(root, [styles]);
