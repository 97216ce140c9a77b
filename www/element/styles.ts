import { css, unsafeCSS } from "lit";
import { DARK, LIGHT, type Palette } from "../view/palette.ts";
import { FAMILY, NUMBER_FONT } from "../view/text-width.ts";
import { hidden } from "./hidden.ts";

/** The accents of the roles, from the one palette that the canvas is painted with, too. */
const accents = ({ accents: roles }: Palette) =>
  unsafeCSS(
    Object.entries(roles)
      .map(([role, color]) => `--${role}: ${color};`)
      .join(" "),
  );

/** Layout answers to the width that the element is given (container queries), colours to the theme. Nothing leaves the shadow root. */
export const styles = css`
:host {
  display: block;
  container-type: inline-size;
  min-height: 320px;
  font: 15px/1.45 ${unsafeCSS(FAMILY)};
  font-variant-numeric: tabular-nums;
  text-align: start;
  /* Its languages are read from left to right, as its matrices are; what a page sets for its own text is not for this one. */
  direction: ltr;
  writing-mode: horizontal-tb;
  white-space: normal;
  text-indent: 0;
  text-transform: none;
  text-shadow: none;
  letter-spacing: normal;
  word-spacing: normal;
  hyphens: manual;
}
:host([hidden]) { display: none; }
*, *::before, *::after { box-sizing: border-box; }

.page {
  --page: #fdfcfa; --paper: #f4f2ed; --line: #dcd8cf; --text: #1c2027; --soft: #5a606b;
  ${accents(LIGHT)}
  --problem: #a4161a; --lit: #111418; --button: #1c2027; --button-text: #fff; --warn: #fff3d1;
  display: grid;
  grid-template: "header header" auto "top top" auto "work panel" minmax(490px, 1fr) "transport transport" auto / minmax(0, 1fr) clamp(316px, 23.4cqw, 336px);
  gap: 0 16px;
  min-height: inherit;
  height: 100%;
  padding: 0 16px;
  color: var(--text);
  background: var(--page);
}
.page[data-theme="dark"] {
  --page: #15181d; --paper: #1e2127; --line: #343943; --text: #e9e7e2; --soft: #a4abb7;
  ${accents(DARK)}
  --problem: #ff9a90; --lit: #fff; --button: #e9e7e2; --button-text: #15181d; --warn: #3a3220;
  color-scheme: dark;
}
.name { font-size: 17px; font-weight: 650; margin: 0; letter-spacing: -0.01em; }
.locked { display: contents; pointer-events: none; }
h2 { font-size: 15px; font-weight: 650; margin: 0 0 2px; }
p { margin: 0; }
.hint { color: var(--soft); font-size: 12.5px; }
.visually-hidden { ${hidden} }

button, input, select, textarea { font: inherit; color: inherit; }
button { cursor: pointer; }
input[type="text"], input[type="number"], select, textarea {
  background: var(--page); border: 1px solid var(--line); border-radius: 5px; padding: 4px 8px; min-width: 0; min-height: 30px;
}
[aria-invalid="true"] { border-color: var(--problem); }
:focus-visible { outline: 2px solid var(--query); outline-offset: 2px; }
.quiet { background: none; border: 1px solid var(--line); border-radius: 5px; padding: 3px 10px; min-height: 30px; }
.quiet:hover, .icon:hover { background: var(--paper); }
.primary { background: var(--button); color: var(--button-text); border: 0; border-radius: 5px; padding: 5px 14px; min-height: 32px; }
kbd { font: inherit; font-size: 12px; color: var(--soft); }
.problem { color: var(--problem); font-size: 13px; overflow-wrap: anywhere; }
.notice { background: var(--warn); padding: 3px 10px; border-radius: 5px; font-size: 13px; overflow-wrap: anywhere; }

.header { grid-area: header; display: flex; align-items: center; gap: 12px; padding: 10px 0; }
.header .name, .header .quiet, .header summary { white-space: nowrap; }
.header summary.quiet, .header .sharing summary.quiet { list-style: none; font-size: 15px; padding-top: 3px; color: var(--text); }
.header label { display: flex; align-items: center; gap: 6px; font-size: 13px; color: var(--soft); }
.header .model { min-width: 0; flex: 0 1 auto; }
.header .model select { min-width: 0; }
.header select, .text-row input { text-overflow: ellipsis; }
.header .example { min-width: 110px; flex: 0 1 330px; }
.header .example select { min-width: 0; flex: 1; }
.header :is(.backend, .sharing) { position: relative; flex: none; }
.header :is(.backend, .sharing) summary { min-height: 30px; padding-top: 4px; font-size: 12.5px; color: var(--soft); }
.header .sharing summary { list-style: none; padding: 4px 10px; border: 1px solid var(--line); border-radius: 5px; color: var(--text); }
.header .theme { display: flex; align-items: center; gap: 6px; font-size: 13px; color: var(--soft); }
.spacer { flex: 1; }

/* What comes and goes hangs over what is below: the picture stays where it is. */
.hang { position: relative; z-index: 4; margin-bottom: -6px; }
.hang > div { position: absolute; inset: 0 0 auto; display: grid; gap: 4px; justify-items: start; pointer-events: none; }
.hang > div > * { pointer-events: auto; background: var(--page); border-radius: 5px; padding-inline: 10px; }
.hang > div > :is(.matrices, .own-model) { justify-self: stretch; padding: 10px; border: 1px solid var(--line); max-height: 70vh; overflow-y: auto; }
.hang .notice { background: var(--warn); }
/* Between what a token attends to and what a model answers, not over them. */
@container (min-width: 900px) {
  .hang > div { display: flex; flex-wrap: wrap; align-items: center; }
  .hang > div > :not(p) { flex-basis: 100%; }
  .hang > div > p { max-width: max(34%, 100% - 680px); }
  .hang > div > p:first-of-type { margin-inline-start: 270px; }
}
.close { border: 0; background: none; min-width: 28px; padding: 0; margin-inline: 6px -8px; }
.close::before { content: "×"; }
.top { grid-area: top; display: flex; flex-direction: column; gap: 6px; min-width: 0; }
.text-row { display: flex; gap: 8px; align-items: center; }
.grow { flex: 1; min-width: 0; }
.text-row input { width: 100%; font-size: 17px; padding: 6px 12px; }
.own { font-size: 14px; }
.untrained { margin-inline-start: auto; }
.untrained::before { content: "◌ "; }
.buttons { display: flex; gap: 8px; flex-wrap: wrap; }

.sentence { border-bottom: 1px solid var(--line); padding-bottom: 6px; }
.word { max-width: 24ch; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.attends { overflow-wrap: anywhere; font-size: 13px; color: var(--soft); display: flex; flex-wrap: wrap; align-items: center; gap: 2px 10px; }
.attends select { padding: 1px 4px; min-height: 28px; }
.line { position: relative; }
.arcs { display: block; width: 100%; height: 58px; overflow: visible; margin-bottom: -2px; }
.arcs.between { height: 34px; margin: 0; }
.arcs path { fill: none; stroke: var(--query); stroke-linecap: round; }
.tokens { display: flex; flex-wrap: wrap; justify-content: center; gap: 2px; padding: 3px; margin: -3px; max-height: 154px; overflow-y: auto; }
.token { max-width: 100%; overflow: hidden; 
  display: inline-flex; flex-direction: column; align-items: center; padding: 2px 7px 1px; border: 0; border-radius: 5px;
  background: none; font-size: 17px; line-height: 1.3; color: var(--text);
}
.token:hover { outline: 1px solid var(--line); }
.token[aria-pressed="true"] { box-shadow: inset 0 0 0 2px var(--query); }
.token.away { color: var(--soft); font-size: 13px; }
.mostly .token { font-size: 14px; }
.mostly + .line .tokens { max-height: 88px; }
.share { font-size: 12px; color: var(--text); }

.work { position: relative; grid-area: work; display: flex; flex-direction: column; min-width: 0; padding-top: 8px; }
.stale { position: absolute; right: 0; top: 82px; z-index: 3; }
[data-editing] .scene { outline: 2px dashed var(--key); outline-offset: -2px; }
.page[data-bare] { grid-template-columns: minmax(0, 1fr); grid-template-areas: "header" "top" "work" "transport"; }
.keys-hint { margin-top: auto; }
.strip { isolation: isolate; display: flex; gap: 4px; overflow-x: auto; flex: none; scrollbar-width: thin; padding-bottom: 2px; }
.group { border-inline-start: 1px solid var(--line); padding-inline-start: 4px; }
.group:first-child { border: 0; padding: 0; }
.group-name { display: block; font-size: 12px; color: var(--soft); padding-inline-start: 4px; white-space: nowrap; }
.stops { display: flex; }
.stop {
  display: flex; flex-direction: column; align-items: center; gap: 1px; padding: 3px 3px 2px; border: 0; background: none; border-radius: 5px;
  font-size: 12px; line-height: 1.2; color: var(--soft); white-space: nowrap; min-width: 50px;
}
.stop:hover { background: var(--paper); }
.stop:focus-visible { position: relative; z-index: 2; }
.stop[aria-current] { color: var(--text); background: var(--paper); box-shadow: inset 0 -3px 0 var(--accent, var(--plain)); font-weight: 600; }
/* A browser makes a layer of each, and of each text above one: so none is. */
.stop canvas { position: relative; z-index: 1; width: 44px; height: 32px; image-rendering: pixelated; }

.crumbs ol { display: flex; gap: 2px; list-style: none; margin: 4px 0 0; padding: 0; font-size: 12.5px; height: 24px; overflow: hidden; }
.crumbs li + li::before { content: "›"; color: var(--soft); padding: 0 4px; }
.crumbs button { border: 0; padding: 0 4px; min-height: 24px; color: var(--soft); }
.crumbs [aria-current] { color: var(--text); font-weight: 600; }
.zooms { display: flex; }
.zooms button { border-radius: 0; padding: 3px 9px; font-size: 13px; margin-inline-start: -1px; }
.zooms button:first-child { border-radius: 5px 0 0 5px; } .zooms button:last-child { border-radius: 0 5px 5px 0; }
.zooms [aria-pressed="true"] { background: var(--button); color: var(--button-text); }
.scene { position: relative; contain: strict; flex: 1; min-height: 350px; margin-top: 4px; overflow: hidden; touch-action: pan-y; }
.below { display: flex; align-items: start; gap: 12px; padding-top: 4px; }
.scene canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
/* It ends where the scene does by itself, too: as large as what was drawn in it last, it would keep what was beyond that before. */
.overlay { position: absolute; inset: 0; overflow: clip; }
.overlay.arriving .cell { opacity: 0; }
.title sub { font-size: 0.8em; line-height: 0; }
summary { cursor: pointer; font-size: 13px; min-height: 28px; padding-top: 6px; }
.title { position: absolute; font-size: 13px; font-weight: 600; line-height: 18px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; color: var(--accent); }
.role-query { --accent: var(--query); } .role-key { --accent: var(--key); } .role-value { --accent: var(--value); }
.role-output { --accent: var(--output); } .role-weights { --accent: var(--weights); } .role-plain { --accent: var(--plain); }
.label { position: absolute; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--soft); }
.label.row { box-sizing: content-box; padding-inline-end: 8px; text-align: end; }
.zoomed .label, .zoomed .title { background: var(--page); z-index: 1; }
.label.chosen { color: var(--query); font-weight: 700; }
.tip { position: absolute; inset: 0 auto auto 0; z-index: 2; pointer-events: none; height: 24px; padding: 0 8px; font-size: 13px; line-height: 24px; font-weight: 600; white-space: nowrap; border-radius: 4px; color: var(--button-text); background: var(--button); }
.tip[hidden] { display: none; }
.scene .note { position: absolute; font-size: 13px; line-height: 20px; white-space: nowrap; color: var(--soft); }
.label.column { text-align: center; }
.label.upright { text-align: start; transform-origin: 0 0; transform: rotate(-90deg); }
.grid { position: absolute; cursor: crosshair; }
.zoomed .grid { cursor: inherit; }
.grid.virtual .cell { position: absolute; inset: 0; opacity: 0; pointer-events: none; overflow: hidden; }
.grid > .row { display: contents; }
.scene.zoomed { cursor: grab; touch-action: none; }
.zoom { display: flex; gap: 2px; margin-inline-start: auto; min-width: 158px; justify-content: end; }
.zoom button { width: 30px; height: 30px; padding: 0; }
[data-compact] .below { display: none; }
.cell { position: absolute; text-align: center; font-size: ${NUMBER_FONT.size}px; letter-spacing: ${NUMBER_FONT.spacing}em; overflow: hidden; white-space: nowrap; }
.cell.large { font-size: 17px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; font-size: 12px; color: var(--soft); padding: 6px 0; min-height: 32px; }
.scale { display: inline-flex; align-items: center; gap: 6px; }
.scale i { width: 64px; height: 9px; border: 1px solid var(--line); }

/* What goes on below its edge fades there, so that no line is cut; at the end of the way nothing does. */
@keyframes goes-on { 0%, 99% { mask-image: linear-gradient(#000 calc(100% - 36px), transparent); } }
.panel { grid-area: panel; display: flex; flex-direction: column; gap: 12px; padding: 8px 4px 8px 0; min-width: 0; height: 0; min-height: 100%; overflow-y: auto; scrollbar-width: thin; }
.panel, .equation { animation: goes-on linear both; animation-timeline: scroll(self); }
.caption { min-height: 122px; flex: none; }
.about { color: var(--soft); font-size: 14px; }
.now { margin-top: 4px; }
.equation { contain: layout paint; border-top: 1px solid var(--line); padding-top: 10px; height: 250px; overflow-y: auto; flex: none; }
.formula { font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
.cell-name { font-size: 13px; }
.terms { font-size: 14px; line-height: 1.9; overflow-wrap: anywhere; }
.result { font-size: 15px; font-weight: 600; overflow-wrap: anywhere; margin-bottom: 4px; }
.on { margin: 4px 0 6px; }
.number {
  border: 0; background: none; padding: 0 1px; color: var(--accent, inherit); border-bottom: 1px dotted currentColor; white-space: nowrap; line-height: 1.35; font-weight: inherit;
}
.term { border: 0; background: none; padding: 0; color: inherit; text-decoration: underline dotted 1px; text-underline-offset: 3px; cursor: help; line-height: inherit; }
.tight { white-space: nowrap; }
.term { white-space: normal; }
.term:hover { color: var(--text); background: var(--paper); }
.fraction { display: inline-flex; flex-direction: column; align-items: center; vertical-align: middle; line-height: 1.5; }
.fraction > :last-child { border-top: 1px solid currentColor; }
.number:hover { background: var(--paper); }
.trail { display: flex; flex-wrap: wrap; gap: 4px; list-style: none; padding: 0; margin: 2px 0 6px; }
.trail button { font-size: 12px; padding: 1px 6px; min-height: 24px; text-align: start; }
.trail [aria-current] { border-color: var(--text); }

input[type="number"] { appearance: textfield; }
input[type="number"]::-webkit-inner-spin-button { display: none; }
.check { display: flex; gap: 6px; align-items: center; font-size: 13px; margin-top: 6px; }
input[type="checkbox"] { width: 18px; height: 18px; accent-color: var(--query); }

.transport {
  grid-area: transport; position: sticky; bottom: 0; z-index: 2; display: flex; align-items: center; gap: 18px; padding: 8px 0 10px;
  background: var(--page); border-top: 1px solid var(--line);
}
.keys { display: flex; align-items: center; gap: 2px; }
.icon { background: none; border: 0; border-radius: 5px; width: 34px; height: 34px; padding: 0; }
.icon svg, .play svg { display: block; margin: auto; fill: currentColor; }
.play { width: 44px; height: 38px; padding: 0; margin: 0 4px; }
.scrub { flex: 1; min-width: 0; }
.scrub input { width: 100%; margin: 0; accent-color: var(--query); display: block; }
.segments { display: flex; font-size: 12px; color: var(--soft); }
.segments span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; border-inline-start: 1px solid var(--line); padding-inline-start: 3px; min-width: 0; }
.segments .here { color: var(--text); font-weight: 600; }
.speed { font-size: 13px; color: var(--soft); display: flex; align-items: center; gap: 6px; }
.loading { padding: 24px; color: var(--soft); }

/* Beside the panel the line under the picture has one height; what needs more grows over the picture's lower edge. */
@container (min-width: 900px) {
  .below { position: relative; z-index: 1; height: 38px; align-items: end; }
  .below > :first-child { background: var(--page); padding: 0; min-height: 0; }
}
/* Low windows, and hosts that give little height: the picture keeps the height that its numbers need. */
.page[data-low]:not([data-compact]) {
  grid-template-rows: auto auto minmax(424px, 1fr) auto;
  .header { padding: 6px 0; }
  .text-row input { font-size: 16px; padding: 3px 12px; }
  .top { gap: 3px; }
  .arcs:not(.between) { height: 40px; }
  .attends:not(.mostly) { margin-bottom: -6px; }
  .sentence { padding-bottom: 3px; }
  .token { line-height: 1.2; }
  .work { padding-top: 4px; }
  .group-name { display: none; }
  .scene { margin-top: 4px; min-height: 300px; }
  .legend { gap: 2px 14px; }
  .scale i { width: 40px; }
  .below { padding-top: 2px; height: 32px; }
  .transport { padding: 4px 0 6px; }
}
/* Where all of the header stands on one line and has little room there, its controls do without the words before them. */
@container (max-width: 1359px) {
  .theme span { ${hidden} }
}
@container (min-width: 900px) and (max-width: 1359px) {
  .header :is(.model, .example, .backend summary) span { ${hidden} }
  .header .model { flex: 0 1 170px; }
  .header .model select { flex: 1; }
}
@container (max-width: 899px) {
  .page { grid-template: "header" auto "top" auto "work" auto "panel" auto "transport" auto / minmax(0, 1fr); padding: 0 14px; --scene: max(300px, min(104cqw, max(440px, 66cqw))); }
  .scene { flex: none; height: max(var(--wants, 0px), var(--scene)); min-height: 0; }
  .caption { min-height: 0; }
  .panel { height: auto; min-height: 0; }
  .page { height: auto; }
  .equation { height: auto; max-height: 300px; }
  .header { flex-wrap: wrap; row-gap: 4px; position: relative; }
  .header::before { content: ""; order: 1; flex: 0 0 100%; }
  .header :is(.model, .example, .about-model) { order: 1; }
  .segments { display: none; }
  .transport { flex-wrap: wrap; gap: 4px 12px; justify-content: center; }
  .scrub { order: -1; flex: 1 0 100%; }
  /* Over the controls, so that they stay where they are; the end of the page can be scrolled free of it. */
  .page:has(.to-equation) > .panel { padding-bottom: 44px; }
  .to-equation { position: absolute; inset: auto 0 100%; margin: 0 auto 4px; width: fit-content; background: var(--page); font-size: 13px; }
  .sentence { padding-bottom: 4px; }
  .token { font-size: 16px; padding: 2px 5px; }
}
/* A tablet: the sentence of the default model on one line, so that it has its arcs. */
@container (min-width: 521px) and (max-width: 899px) {
  .token { font-size: 15px; padding: 2px 3px; }
}
@container (max-width: 520px) {
  .arcs:not(.between) { height: 0; }
  .speed span, .backend summary span, .header :is(.model, .example) span { ${hidden} }
  .name { font-size: 15px; }
  .header { gap: 3px 6px; padding: 8px 0 4px; }
  .header .quiet { padding: 3px 7px; }
  .header .name { flex: 1; }
  .header .spacer { display: none; }
  .header select { appearance: none; padding: 4px 6px; }
  .header :is(.model, .example)::after { content: "▾"; width: 15px; margin-inline-start: -15px; pointer-events: none; }
  /* No higher than the choice of a head: what a model answers stays in view. */
  .hang > div { display: flex; flex-wrap: wrap; column-gap: 0; }
  .hang > div:has(> .problem) { top: -2px; }
  .hang > div > * { flex-basis: 100%; }
  .hang > div > .problem { line-height: 16px; min-height: 32px; }
  .hang > div > :has(> [data-no-model]) { flex-basis: auto; }
  .hang #problem-text { flex: 1 1 45%; }
  .below { flex-wrap: wrap; }
  .legend { min-width: 0; flex: 1 1 200px; }
  .header :is(.model, .example) { flex: 1 1 14%; min-width: 0; gap: 0; }
  .header :is(.model, .example) select { flex: 1; min-width: 0; padding-inline-end: 15px; }
  .header .loading-model { position: absolute; inset: 100% 0 auto; z-index: 5; background: var(--page); }
  .header :is(.backend, .theme) { order: 1; flex: none; }
  .header :is(.backend, .sharing) { position: static; }
  .icon { width: 36px; height: 38px; }
  .keys { gap: 0; }
  .transport { flex-wrap: wrap; gap: 2px 4px; }
  .speed select { width: 64px; padding: 4px; }
}
/* More than the host has room for. */
.page[data-bounded] { height: 100%; overflow: hidden auto; }
.page[data-compact] { display: flex; flex-direction: column; height: 100%; max-height: 100%; overflow-y: auto; padding: 0 10px; }
.page[data-compact] > :is(.header, .top, .panel) { order: 3; }
.page[data-compact] > .work { flex: 0 0 calc(100% - 56px); padding: 0; }
.page[data-compact] .scene { flex: 1; height: auto; min-height: 0; margin: 0; }
.page[data-compact] .legend { display: none; }
.page[data-compact] .transport { order: 1; flex: 0 0 56px; flex-wrap: nowrap; gap: 8px; padding: 4px 0; }
.page[data-compact] .scrub { order: 0; flex: 1 1 0; }
.page[data-compact] :is(.segments, .speed) { display: none; }
.page[data-compact] > .panel { height: auto; min-height: 0; overflow: visible; }
@container (max-width: 480px) { .page[data-compact] .strip { display: none; } .page[data-compact] .scrub { min-width: 40px; } }
/* A phone on its side: one line. */
@media (max-height: 520px) { .page:not([data-compact]) {
  .transport { flex-wrap: nowrap; gap: 8px; padding: 3px 0; }
  .scrub { order: 0; flex: 1 1 0; }
  .speed { display: none; }
} }
@media (forced-colors: active) { .stop[aria-current] { outline: 2px solid; } .token[aria-pressed="true"] { outline: 2px solid; } }
@media (prefers-reduced-motion: no-preference) { .overlay .cell { transition: opacity 0.15s; } }
`;
