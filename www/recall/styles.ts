import { css } from "lit";

export const recallStyles = css`
.recall { display: grid; gap: 8px; min-width: 0; }
.lanes { overflow-x: auto; }
.lanes table { border-collapse: collapse; font-size: 13px; }
.lanes th { font-weight: 500; padding: 2px 6px; text-align: center; white-space: nowrap; }
.lanes thead th:first-child, .lanes th[scope="row"] { position: sticky; inset-inline-start: 0; background: var(--page); text-align: start; z-index: 1; }
.said { display: block; font-weight: 650; font-size: 15px; }
.said small { font-weight: 400; color: var(--soft); }
.lanes td { position: relative; min-width: 34px; height: 54px; padding: 0 3px; vertical-align: bottom; border-bottom: 1px solid var(--line); }
.lanes .bar { display: block; position: absolute; inset-inline: 4px; inset-block-end: 0; background: var(--lane); opacity: 0.55; }
.seen { position: relative; display: block; text-align: center; font-size: 12px; line-height: 18px; }
.recall [data-kind="rnn"] { --lane: var(--soft); }
.recall [data-kind="lstm"] { --lane: var(--key); }
.recall [data-kind="attention"] { --lane: var(--query); }
.curves { display: flex; flex-wrap: wrap; gap: 12px 24px; }
/* Not drawn larger than its own size, and so much smaller that no text is below 12 px. */
.curves figure { margin: 0; flex: 1 1 306px; max-width: 340px; }
.curves figcaption { font-size: 13px; }
.curves svg { display: block; width: 100%; height: auto; overflow: visible; }
.curves text { font-size: 13.6px; fill: var(--soft); }
.curves text[data-kind] { fill: var(--lane); }
.curves polyline { fill: none; stroke: var(--lane); stroke-width: 1.5; }
.curves polyline[data-kind="rnn"] { stroke-dasharray: 2 3; }
.curves polyline[data-kind="lstm"] { stroke-dasharray: 7 3; }
.curves circle { fill: var(--lane); }
.grid { stroke: var(--line); }
`;
