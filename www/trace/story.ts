/** What a stage is called and where its numbers come from, where that is not what it usually is: in the layers of a model. */

import type { Stage } from "../engine/types.ts";
import { say } from "../text/say.ts";

export interface Story {
  name?: string;
  /** One sentence for the caption. */
  about?: string;
  /** What stands for the operation of a cell that was not computed here. */
  source?: string;
  /** The layer where its numbers were made, and what leads there is called. */
  before?: { layer: number; name: string };
}

/** Told anew each time, in the language that is spoken then. */
const stories = new WeakMap<Stage, () => Story>();

export function tell(stage: Stage, story: () => Story): void {
  stories.set(stage, story);
}

export const storyOf = (stage: Stage | undefined): Story | undefined => stage && stories.get(stage)?.();

export const stageName = (stage: Stage): string => storyOf(stage)?.name ?? say.stages[stage.id] ?? stage.id;
