/** Which moments of the course a film shows. */

import type { Course } from "../../timeline/course.ts";

export type Reach = "stage" | "all";

export interface Plan {
  /** Seconds of the course, one for each frame. */
  times: number[];
  /** Frames in a second of the film. */
  rate: number;
  /** How much faster than the course the film runs, so that it stays within its most frames. */
  speed: number;
}

/** `most`: frames; the first and the last moment are always among them. */
export function planOf(course: Course, reach: Reach, stage: string, rate: number, most: number): Plan {
  const segment = course.segmentOf(stage);
  const whole = reach === "all" || !segment;
  const start = whole ? 0 : segment.start;
  // The very end of a stage is the beginning of the next one.
  const end = whole ? course.duration : segment.start + segment.schedule.duration - 1e-3;
  const wanted = Math.max(2, Math.round((end - start) * rate) + 1);
  const frames = Math.min(wanted, most);
  const times = Array.from({ length: frames }, (_, n) => start + ((end - start) * n) / (frames - 1));
  return { times, rate, speed: (wanted - 1) / (frames - 1) };
}
