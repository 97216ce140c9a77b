/** What stands beside the weights of a model that ships: what it is for, and its card. */

/** A stroke of a drawing: points, x to the right and y downwards. */
export type Stroke = [x: number, y: number][];

export interface ModelData {
  task: string;
  answer?: { at: string; means: string };
  /** The attention that is shown first. */
  block?: "encoder" | "decoder" | "cross";
  /** Layer and head that are shown first, from 0. */
  head?: { layer: number; head: number };
  /** Words that can stand in each other's place, by category. */
  menu?: Record<string, string[]>;
  examples?: string[] | Record<string, string[]> | Record<string, Stroke[]>;
  /** The same without positions, or with them. */
  other?: string;
  positions?: boolean;
}

export interface Card {
  summary: string;
  model: string;
  parameters: number;
  bytes: number;
  data: string;
  training: string;
  test: Record<string, number>;
  test_data: string;
  limits: string[];
}

/** Example texts, of whatever kind; of several kinds the last comes first: there the networks that remember differ most. */
export function textsOf({ examples }: ModelData): string[] {
  const all = Array.isArray(examples)
    ? examples
    : Object.values(examples ?? {})
        .reverse()
        .flat();
  return all.filter((one): one is string => typeof one === "string");
}

/** Example drawings by the digit that they are. */
export function drawingsOf({ examples }: ModelData): [digit: string, strokes: Stroke[]][] {
  if (!examples || Array.isArray(examples)) return [];
  return Object.entries(examples).filter((one): one is [string, Stroke[]] => one[1].every(Array.isArray));
}
