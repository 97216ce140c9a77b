import { type CSSResult, css } from "lit";
import { adopt } from "../adopt.ts";
import { hidden } from "../hidden.ts";

const styles = css`
.attends .says { margin-inline-start: auto; }
.says { color: var(--text); font-size: 15px; }
.says strong { color: var(--query); }
.says.hint { font-size: 13px; color: var(--soft); }
.where { font-size: 12px; color: var(--soft); }
.slot { display: inline-flex; align-items: stretch; border-radius: 5px; max-width: 100%; }
.swap { border: 0; background: none; padding: 0; width: 18px; min-height: 24px; margin-inline-start: -5px; font-size: 12px; color: var(--soft); border-radius: 5px; align-self: start; line-height: 26px; }
.swap:hover, .swap[aria-expanded="true"] { color: var(--text); background: var(--paper); }
.token.unknown .word { text-decoration: underline wavy var(--problem) 1px; text-underline-offset: 3px; }
.unknown-words .quiet { padding: 1px 8px; min-height: 24px; font-size: 12px; }
.words { position: fixed; inset: auto; margin: 0; width: 216px; max-height: min(320px, 60vh); overflow-y: auto; overscroll-behavior: contain; padding: 6px; border: 1px solid var(--line); border-radius: 6px; color: var(--text); background: var(--page); font-size: 15px; scrollbar-width: thin; }
.words [role="group"] { display: flex; flex-wrap: wrap; padding-bottom: 4px; }
.words .group-name { flex: 1 0 100%; }
.words button { border: 0; background: none; border-radius: 4px; padding: 2px 6px; min-height: 28px; }
.words button:hover { background: var(--paper); }
.words [aria-selected="true"] { background: var(--button); color: var(--button-text); }

.heads { display: grid; gap: 2px; }
.head-blocks { display: flex; flex-wrap: wrap; gap: 4px 14px; max-height: 236px; overflow: auto; scrollbar-width: thin; padding: 2px; margin: -2px; }
.head-block { display: flex; align-items: center; gap: 6px; }
.head-block .group-name { width: 62px; white-space: normal; line-height: 1.2; padding: 0; }
.head-grid { display: grid; grid-template-columns: 14px repeat(var(--heads), minmax(22px, 46px)); gap: 3px; }
.head-layer { font-size: 12px; color: var(--soft); align-self: center; }
.head-cell { padding: 0; border: 1px solid var(--line); background: none; border-radius: 2px; aspect-ratio: 1; overflow: hidden; min-width: 0; }
.head-cell canvas { display: block; width: 100%; height: 100%; image-rendering: pixelated; }
.head-cell:hover { border-color: var(--text); }
.head-cell[aria-pressed="true"] { box-shadow: 0 0 0 2px var(--query); border-color: var(--query); }
.head-says { font-size: 13px; color: var(--soft); min-height: 20px; }

[data-model] { white-space: nowrap; }
.answer { border-top: 1px solid var(--line); padding-top: 8px; display: grid; gap: 6px; }
.bars { list-style: none; margin: 0; padding: 0; display: grid; gap: 2px; }
.bars li { display: flex; justify-content: space-between; padding: 1px 6px; font-size: 14px; border-radius: 3px; background: linear-gradient(90deg, color-mix(in srgb, var(--output) 30%, transparent) calc(var(--part) * 100%), transparent 0); }
.classes { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(10, minmax(0, 1fr)); gap: 2px; text-align: center; }
.classes li { display: grid; grid-template-rows: 32px 34px 20px; font-size: 12px; }
.classes i { align-self: end; height: calc(var(--part) * 100%); min-height: 1px; background: color-mix(in srgb, var(--output) 55%, transparent); }
/* By turns above and below: side by side they would touch. */
.classes .class-share { white-space: nowrap; margin-inline: -8px; line-height: 16px; }
.classes li:nth-child(even) .class-share { align-self: end; }
.classes .class-name { font-size: 14px; }
.classes [data-first] .class-name, .class { color: var(--output); font-weight: 700; }
.written { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 8px; }
.written li { display: flex; flex-direction: column; align-items: center; min-width: 39px; font-size: 12px; }
.written-token { font-size: 17px; line-height: 1.2; }
.target { display: grid; gap: 6px; }
.target label { display: grid; gap: 2px; font-size: 13px; }
.target input { width: 100%; }
.temperature { display: flex; align-items: center; gap: 8px; font-size: 13px; }
.temperature input { flex: 1; min-width: 0; accent-color: var(--output); }
.switch { display: flex; gap: 14px; font-size: 14px; }
.switch label { display: flex; align-items: center; gap: 6px; min-height: 28px; }
.order .says { font-size: 14px; }
.other-text .quiet { text-align: start; }
.same { font-size: 13px; color: var(--soft); }

.about-model { position: relative; }
.about-model summary { min-height: 30px; padding-top: 4px; }
.card { position: absolute; z-index: 5; inset-inline-start: 0; width: min(560px, calc(100cqw - 28px)); max-height: 70vh; overflow-y: auto; padding: 12px 16px; background: var(--page); border: 1px solid var(--line); border-radius: 6px; font-size: 14px; }
.card dl { margin: 8px 0; }
.card dt { font-weight: 650; margin-top: 6px; }
.card dd { margin: 0; color: var(--soft); }
.card ul { margin: 0; padding-inline-start: 18px; }
.card a { color: var(--query); }
.summary { font-size: 15px; }
.score { color: var(--text); margin-inline-end: 10px; }
.own-model { display: grid; gap: 6px; outline: none; }
.own-model .file { display: inline-flex; align-items: center; cursor: pointer; font-size: 14px; }
.own-model .file:focus-within { outline: 2px solid var(--query); outline-offset: 2px; }
.own-model form span { font-size: 13px; color: var(--soft); }
.own-model .text-row input[type="text"] { width: auto; font-size: 15px; padding: 3px 8px; }
.found { flex-wrap: wrap; }
@container (max-width: 899px) {
  .head-blocks:not(:has(> :nth-child(3))) { flex-wrap: nowrap; }
  .about-model { position: static; }
  .card { inset-inline: 0; top: 100%; width: auto; max-width: 620px; }
}
@container (max-width: 520px) or (900px <= width <= 1039px) {
  .about-model summary { display: grid; place-items: center; width: 30px; min-height: 30px; padding: 0; border: 1px solid var(--line); border-radius: 5px; }
  .about-model summary::after { content: "i"; font: italic 600 16px/1 Georgia, serif; }
  .about-model summary span { ${hidden} }
}
@container (max-width: 520px) {
  .top .answer { border: 0; padding: 0; }
  .own-model .text-row { flex-wrap: wrap; }
}
@media (forced-colors: active) { .head-cell[aria-pressed="true"] { outline: 2px solid; } }
`;

/** Of the extras that are there. */
export const more: CSSResult[] = [];

export const adoptStyles = (root: ShadowRoot): void => adopt(root, [styles, ...more]);
