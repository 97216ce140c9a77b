/** What every part of the page is drawn from, and the few things it can ask for. Parts are pure functions of this. */

import type { BackendReport, Trace } from "../../engine/types.ts";
import type { ModelFiles } from "../../model/files.ts";
import type { State } from "../../state/fields.ts";
import type { History } from "../../state/store.ts";
import { type Said, say } from "../../text/say.ts";
import type { Course, Frame, StepUnit } from "../../timeline/course.ts";
import { stageOf } from "../../trace/cells.ts";
import { stageName } from "../../trace/story.ts";
import type { Place } from "../../view/matrix-view.ts";
import type { Lit } from "../../view/paint.ts";
import type { Palette } from "../../view/palette.ts";
import type { SceneView } from "../../view/scene-view.ts";
import type * as Equation from "../equation/body.ts";
import type { Fit } from "../fit.ts";
import type * as Glossary from "../glossary/index.ts";
import type { Lessons } from "../lesson/index.ts";
import type * as Models from "../models/index.ts";
import type { Told } from "../pace.ts";
import type * as Settings from "../settings/index.ts";
import type { Tools } from "../tools/index.ts";

export interface Actions {
  set(changes: Partial<State>, history?: History): void;
  /** A control's text did not stand for a value: say so beside it. */
  refuse(field: keyof State, found: string): void;
  toggle(): void;
  step(by: StepUnit, n: number): void;
  seek(time: number, history?: History): void;
  hold(cell: Lit | undefined): void;
  /** A cell of the scene is pointed at: its equation is shown. */
  hover(cell: Lit | undefined): void;
  /** A number in running text is pointed at, or the name of several: their cells light up. */
  glance(cells: Lit | readonly Lit[] | undefined): void;
  matrices(text: string): void;
  /** What was dropped on the page. */
  files(dropped: DataTransfer): void;
  fillMatrices(): Promise<string>;
  toggleMatrices(): void;
  /** Shows all terms of a long sum. */
  expand(): void;
  /** Looks at the scene closer or wider; 0 shows all of it. */
  zoom(factor: number): void;
  /** `changes`: what it begins with in the place of its own example. */
  useModel(model: string, changes?: Partial<State>): void;
  /** The words that can stand at this place of the text; -1 for none. */
  openMenu(at: number): void;
  /** Draws what a part of the page has found out by itself. */
  refresh(): void;
  /** Says it until the reader has read it. */
  tell(said: Said): void;
  cancelModel(): void;
  /** The reader's own model takes the place of the one on show. */
  bringModel(files: ModelFiles): Promise<void>;
  openOwn(open: boolean): void;
  /** Takes away what was said about the picture as a whole. */
  dismiss(): void;
  /** The state as a link or a file has it, and the link, if it is not too long for one. */
  share(): { state: State; link: string | undefined };
  editMask(on: boolean): void;
  openMore(open: boolean): void;
  loadLessons(): void;
}

export interface Context {
  /** As it is shown: nothing in it is left to a model's choice. */
  state: State;
  /** The model that the state asks for, "" for none. */
  model: string;
  /** What the model on show said. */
  played: Models.Played | undefined;
  loading: Models.Loading | undefined;
  openOwn: boolean;
  /** The place of the text whose other words are on show, or -1. */
  menuAt: number;
  /** The parts of the page that are for models, once they are there. */
  parts: typeof Models | undefined;
  /** The settings of untrained runs, once they are there. */
  settings: typeof Settings | undefined;
  /** Lessons, once they are there. */
  lessons: Lessons | undefined;
  /** What one looks at the scene with, once it is there. */
  tools: Tools | undefined;
  /** Equations, once they can be written. */
  written: typeof Equation | undefined;
  /** What words and formulas mean, once it is there. */
  glossary: typeof Glossary | undefined;
  trace: Trace | undefined;
  /** Up to so many tokens a trace holds everything, and the weights alone above. */
  tracedTokens: number;
  course: Course | undefined;
  frame: Frame | undefined;
  /** The row and the column of the stage that the closer zooms look at. */
  place: Place | undefined;
  playing: boolean;
  stale: boolean;
  /** Another picture is on its way. */
  working: boolean;
  /** What is wrong, beside the field that caused it. */
  problems: ReadonlyMap<keyof State, string>;
  notice: string;
  /** What words are about; a moving picture may be a little ahead of it. */
  told: Told | undefined;
  expanded: boolean;
  /** Cells held on the way here, the last one on show. */
  path: readonly Lit[];
  palette: Palette;
  /** What draws the scene, once it has. */
  scene: SceneView | undefined;
  /** The language that is spoken. */
  language: Exclude<State["lang"], "auto">;
  /** What is known of CPU and GPU. */
  backends: BackendReport | undefined;
  /** So many cells a side share a pixel of the scene; 1 where each has its own. */
  blocks: number;
  maskEdit: boolean;
  openMatrices: boolean;
  moreOpen: boolean;
  /** The page's address holds the state, so that there is a link to copy. */
  linked: boolean;
  /** What the room that the host gives is enough for. */
  fit: Fit;
  /** The sentence for the live region. */
  spoken: string;
  mode: "text" | "matrices";
  actions: Actions;
}

/** The parts that `hide` or `lock` lists. */
export const partsOf = (list: string): Set<string> => new Set(list.split(","));

/** Token names of an axis; a trace without names has numbers. */
export function tokenName(trace: Trace, axis: "query" | "key", n: number): string {
  const names = trace.tokens[axis];
  return names[n] ?? String(n);
}

/** A place along an axis: a token by its name, all else by its number. */
export function placeName(trace: Trace, axis: string, at: number, quoted = false): string {
  if (axis !== "key" && axis !== "query" && axis !== "token") return `${axisName(axis)} ${at + 1}`;
  const token = tokenName(trace, axis === "key" ? "key" : "query", at);
  return quoted ? `“${token}”` : token;
}

/** `scores of head 1: “it” → “street”`, from the axes of the stage. */
export function cellName(cell: { stage: string; index: readonly number[] }, trace: Context["trace"]): string {
  const stage = trace && stageOf(trace, cell.stage);
  if (!trace || !stage) return say.stages[cell.stage] ?? cell.stage;
  const title = stageName(stage);
  const parts = stage.axes.map((axis, n) => placeName(trace, axis, cell.index[n] ?? 0));
  return `${title}: ${parts.join(", ")}`;
}

export const axisName = (axis: string): string => say.axes[axis] ?? axis;

/** The query whose attention the sentence shows: the chosen one, else "it", else the first. */
export function chosenToken({ state, trace }: Pick<Context, "state" | "trace">): number {
  const tokens = trace?.tokens.query ?? [];
  if (state.token >= 0) return Math.min(state.token, Math.max(0, tokens.length - 1));
  return Math.max(0, tokens.indexOf("it"));
}
