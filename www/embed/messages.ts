/** What embed.html and the page around it may say to each other: the envelope, and who is listened to. */

/** Marks a message, in both directions. */
export const TYPE = "attention-playground";
export const VERSION = 1;

export interface Call {
  id: string | number | undefined;
  method: Method;
  args: unknown[];
}

export interface Refusal {
  id: string | number | undefined;
  code: "bad_version" | "unknown_method" | "bad_arguments";
  message: string;
}

const isText = (value: unknown) => typeof value === "string";
const isNumber = (value: unknown) => typeof value === "number" && Number.isFinite(value);
/** Without `every`, which passes over the holes of a sparse array. */
const isIndex = (value: unknown) => Array.isArray(value) && Array.from(value).every(Number.isInteger);
/** A state: what JSON can say, which a message need not be. */
const isState = (value: unknown) => isObject(value) && asJson(value) !== undefined;
const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

/** The methods that may be called, each with what its arguments have to be; those past `needed` may be left out. */
const METHODS = {
  setState: { needed: 1, args: [isState] },
  getState: { needed: 0, args: [] },
  goto: { needed: 1, args: [isText, isIndex] },
  play: { needed: 0, args: [] },
  pause: { needed: 0, args: [] },
  step: { needed: 0, args: [isNumber, isText] },
  seek: { needed: 1, args: [isNumber] },
  explain: { needed: 2, args: [isText, isIndex] },
} as const;

export type Method = keyof typeof METHODS;

/** A call, or why it is refused; undefined where the message is for somebody else. */
export function readMessage(data: unknown): Call | Refusal | undefined {
  if (!isObject(data)) return undefined;
  const { type, version, method, args = [], id: given } = data as Record<string, unknown>;
  // What embed.html itself says comes back to it where a page echoes.
  if (type !== TYPE || method === undefined) return undefined;
  const id = isText(given) || isNumber(given) ? (given as string | number) : undefined;
  const refuse = (code: Refusal["code"], message: string): Refusal => ({ id, code, message });
  if (version !== VERSION) return refuse("bad_version", `expected version ${VERSION}, found ${print(version)}`);
  if (typeof method !== "string" || !Object.hasOwn(METHODS, method))
    return refuse("unknown_method", `expected one of ${Object.keys(METHODS).join(", ")}, found ${print(method)}`);
  const { needed, args: checks } = METHODS[method as Method];
  const right =
    Array.isArray(args) &&
    args.length >= needed &&
    args.length <= checks.length &&
    Array.from(args).every((value, n) => checks[n]?.(value));
  if (!right) return refuse("bad_arguments", `${method}: found ${print(args)}`);
  return { id, method: method as Method, args: args as unknown[] };
}

/** Nothing where a value goes round in a circle, or has parts that JSON does not know. */
function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function print(value: unknown): string {
  const text = asJson(value) ?? (typeof value === "object" ? Object.prototype.toString.call(value) : String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/**
 * The one origin that is listened to, and told what the reader does: `?origin=` of the address, else that of the page which refers
 * to this one. A page that keeps both to itself is told nothing but the height. `null` is the origin of a sandboxed page.
 */
export function allowedOrigin(search: string, referrer: string): string | undefined {
  const given = new URLSearchParams(search).get("origin") ?? referrer;
  if (given === "null") return given;
  try {
    const { origin } = new URL(given);
    return origin === "null" ? undefined : origin;
  } catch {
    return undefined;
  }
}

/** A page of no origin cannot be named. */
export const targetOf = (origin: string): string => (origin === "null" ? "*" : origin);
