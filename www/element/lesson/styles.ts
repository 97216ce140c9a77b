import { css } from "lit";
import { adopt } from "../adopt.ts";

const styles = css`
.lesson { display: grid; gap: 8px; flex: none; padding: 10px 12px; border: 1px solid var(--line); border-inline-start: 3px solid var(--query); border-radius: 6px; background: var(--paper); }
.lesson-head { display: flex; align-items: baseline; gap: 8px; }
.lesson-head h2 { flex: 1; }
.lesson-head .close { margin: -4px -8px -4px 0; min-height: 28px; }
.lesson-text { font-size: 15px; }
.lesson .number, .tally { font-weight: 600; }
.question { display: grid; gap: 6px; justify-items: start; margin-top: 8px; border-top: 1px solid var(--line); padding-top: 8px; }
.predict { text-transform: none; font-weight: 600; }
.choices { display: flex; flex-wrap: wrap; gap: 6px; }
.question[data-kind="choices"] .choices { display: grid; justify-items: start; }
.choices .quiet { background: var(--page); text-align: start; min-height: 32px; }
.choices [aria-disabled="true"], .guess [aria-disabled="true"] { cursor: default; color: var(--soft); }
.choices [aria-pressed="true"] { box-shadow: inset 0 0 0 2px var(--query); }
.guess, .guess label { display: flex; align-items: center; gap: 8px; font-size: 14px; }
.guess input { width: 84px; }
.small { font-size: 12.5px; padding: 1px 8px; min-height: 26px; }
/* Scrolled to with the way on, above the edge where the panel fades. */
.reveal { font-size: 15px; scroll-margin-block: 8px 104px; }
.lesson-head { scroll-margin-block-start: 20px; }
.lesson:focus-visible, .reveal:focus-visible { outline: none; }
.lesson-way { display: flex; gap: 8px; align-items: center; }
.lesson-way :last-child { margin-inline-start: auto; }
.lesson-way .quiet:disabled { opacity: 0.5; cursor: default; }

.lessons { position: relative; }
.chapters { position: absolute; z-index: 6; inset-inline-start: 0; width: min(400px, calc(100cqw - 28px)); max-height: 76vh; overflow-y: auto; margin: 4px 0 0; padding: 6px; background: var(--page); border: 1px solid var(--line); border-radius: 6px; }
.chapters ol { margin: 0; padding: 0; list-style: none; counter-reset: chapter; }
.chapters ol li { counter-increment: chapter; }
.chapters h2 { margin: 10px 8px 2px; }
.chapters ul { margin: 0 0 6px; padding-inline-start: 30px; font-size: 14px; }
.chapters a { color: inherit; }
.chapters button { display: grid; grid-template-columns: 22px 1fr; width: 100%; border: 0; background: none; padding: 6px 8px; text-align: start; border-radius: 4px; }
.chapters button::before { content: counter(chapter); color: var(--soft); grid-row: span 2; }
.chapters button:hover { background: var(--paper); }
.chapters [aria-current] { box-shadow: inset 3px 0 0 var(--query); }
.chapter { font-weight: 600; }

/* A question waits: what would give its answer away is not to be seen. */
.page[data-asking] :is(.arcs, .share, .says, .mostly) { visibility: hidden; }
.page[data-asking] :is(.heads, .answer, .lanes, .lanes + .hint, .curves figure:first-child) { display: none; }
.page[data-asking] .recall { column-gap: 0; }
.page[data-asking] .token { background: none !important; }
/* In one column the picture that an answer speaks of comes after it: it is scrolled to with all of that, down to the transport. */
@container (max-width: 899px) {
  .page:not([data-compact]) .reveal { scroll-margin-block-end: calc(var(--scene) + 290px); }
}
@container (max-width: 520px) {
  .lessons { position: static; }
  .chapters { inset-inline: 0; top: 100%; width: auto; }
}
`;

export const adoptStyles = (root: ShadowRoot): void => adopt(root, [styles]);
