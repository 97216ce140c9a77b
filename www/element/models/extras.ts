/** What not every model needs: each loaded with the first that does. */

import type * as Digits from "./digits.ts";
import type * as Own from "./own.ts";
import type * as Remembered from "./remembered.ts";
import type * as Target from "./target.ts";

interface Extras {
  digits: typeof Digits;
  own: typeof Own;
  remembered: typeof Remembered;
  target: typeof Target;
}

const LOAD: { [K in keyof Extras]: () => Promise<Extras[K]> } = {
  digits: () => import("./digits.ts"),
  own: () => import("./own.ts"),
  remembered: () => import("./remembered.ts"),
  target: () => import("./target.ts"),
};

/** Those that are there. */
export const extras: Partial<Extras> = {};

export async function loadExtra<K extends keyof Extras>(name: K): Promise<Extras[K]> {
  const loaded = extras[name] ?? (await LOAD[name]());
  Object.assign(extras, { [name]: loaded });
  return loaded as Extras[K];
}
