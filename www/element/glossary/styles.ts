import { css } from "lit";

export const styles = css`
.gloss {
  position: fixed; inset: 0 auto auto 0; margin: 0; width: max-content; max-width: min(300px, calc(100vw - 16px)); padding: 8px 12px;
  background: var(--page); color: var(--text); border: 1px solid var(--soft); border-radius: 6px; font-size: 14px; line-height: 1.45; text-align: start;
}
.gloss strong { display: block; font-weight: 650; }
.formula { overflow-x: auto; overflow-y: hidden; padding-bottom: 2px; scrollbar-width: thin; }
.formula math { font-size: 15px; color: var(--soft); }
.formula mi.role { color: var(--accent); }
.formula mtext { font-family: inherit; font-size: 13px; }
`;
