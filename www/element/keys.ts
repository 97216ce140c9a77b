/** The keyboard: which key asks for what. Keys that a control needs for itself are left to it. */

import type { Course } from "../timeline/course.ts";
import { ZOOMS } from "./closer.ts";
import type { Actions } from "./parts/context.ts";

const EDITORS = new Set(["INPUT", "TEXTAREA", "SELECT"]);

const targetOf = (event: Event) => event.composedPath()[0] as HTMLElement | undefined;
const isSlider = (target: unknown) => target instanceof HTMLInputElement && target.type === "range";

/** Whether letters that are typed are text. */
export function editing(event: Event): boolean {
  const target = targetOf(event);
  return !isSlider(target) && (EDITORS.has(target?.tagName ?? "") || target?.isContentEditable === true);
}

export function keyAction(
  event: KeyboardEvent,
  actions: Actions,
  course: Course | undefined,
  held: boolean,
): (() => void) | undefined {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  if (event.key === "Escape") return held ? () => actions.hold(undefined) : undefined;
  // A slider keeps the keys that move it, and gives up those that would only be letters.
  if (editing(event) || (isSlider(targetOf(event)) && !/^[ jl]$/i.test(event.key))) return undefined;
  const onButton = ["BUTTON", "SUMMARY", "A"].includes(targetOf(event)?.tagName ?? "");
  switch (event.key) {
    case " ":
      return onButton ? undefined : actions.toggle;
    case "ArrowRight":
      return () => actions.step("cell", 1);
    case "ArrowLeft":
      return () => actions.step("cell", -1);
    case "ArrowDown":
      return () => actions.step("row", 1);
    case "ArrowUp":
      return () => actions.step("row", -1);
    case "l":
    case "L":
      return () => actions.step("stage", 1);
    case "j":
    case "J":
      return () => actions.step("stage", -1);
    case "1":
    case "2":
    case "3":
      return () => actions.set({ zoom: ZOOMS[Number(event.key) - 1] ?? "matrix" }, "push");
    case "Home":
      return () => actions.seek(0, "replace");
    case "End":
      return () => actions.seek(course?.duration ?? 0, "replace");
    default:
      return undefined;
  }
}
