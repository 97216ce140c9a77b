/** embed.html: the element alone in a frame. The address gives its state; the page around it calls, and is told what happens. */

import type { AttentionPlayground } from "../element/attention-playground.ts";
import type { PlaygroundEvents } from "../element/events.ts";
import { attributeName, FIELD_NAMES, type State } from "../state/fields.ts";
import type { StepUnit } from "../timeline/course.ts";
import { gathered, joined, light } from "./gather.ts";
import { allowedOrigin, type Method, readMessage, TYPE, targetOf, VERSION } from "./messages.ts";
import "../element.ts";

/** Told as they happen; the others are told now and then, as they come with every frame while it plays. */
const TOLD: (keyof PlaygroundEvents)[] = ["load", "error", "select", "language-change"];

const play = document.querySelector("attention-playground") as AttentionPlayground;
const query = new URLSearchParams(location.search);
for (const name of FIELD_NAMES.map(attributeName)) {
  const value = query.get(name);
  if (value !== null) play.setAttribute(name, value);
}
play.addEventListener("language-change", ({ detail }: CustomEventInit) => {
  document.documentElement.lang = detail.lang;
  document.title = detail.title;
});

const origin = allowedOrigin(location.search, document.referrer);
if (parent !== window) {
  if (origin !== undefined) converse(origin);
  tellHeight();
}

function converse(from: string): void {
  const tell = (message: object) => parent.postMessage({ type: TYPE, version: VERSION, ...message }, targetOf(from));
  addEventListener("message", async (event) => {
    if (event.source !== parent || event.origin !== from) return;
    const read = readMessage(event.data);
    if (!read) return;
    const { id } = read;
    if ("code" in read) return tell({ id, error: { code: read.code, message: read.message } });
    try {
      tell({ id, result: await call(read.method, read.args) });
    } catch (thrown) {
      const { code, message } = thrown as { code?: string; message: string };
      tell({ id, error: { code: code ?? (thrown instanceof RangeError ? "range" : "internal"), message } });
    }
  });
  const hear = (name: keyof PlaygroundEvents, give: (detail: never) => void) =>
    play.addEventListener(name, (event) => give((event as CustomEvent).detail as never));
  for (const name of TOLD) hear(name, (detail: object) => tell({ event: name, detail }));
  const step = (detail: PlaygroundEvents["step-change"]) => tell({ event: "step-change", detail });
  const change = (detail: PlaygroundEvents["state-change"]) => tell({ event: "state-change", detail: light(detail) });
  hear("step-change", gathered(step));
  hear("state-change", gathered(change, joined));
}

/** What moves in the picture waits for it. */
async function call(method: Method, args: unknown[]): Promise<unknown> {
  if (method === "getState") return play.state;
  if (method === "setState") {
    play.state = args[0] as State;
    return play.state;
  }
  await play.ready;
  switch (method) {
    case "goto":
      return play.goto(args[0] as string, args[1] as number[] | undefined);
    case "step":
      return play.step(args[0] as number | undefined, args[1] as StepUnit | undefined);
    case "seek":
      return play.seek(args[0] as number);
    case "explain":
      return play.explain(args[0] as string, args[1] as number[]);
    default:
      return play[method]();
  }
}

/** How high it would like to be at this width, in the two forms that pages listen for. No secret, so that any page may hear it. */
function tellHeight(): void {
  let told = 0;
  const tell = () => {
    play.style.height = "auto";
    const height = Math.ceil(play.getBoundingClientRect().height);
    play.style.height = "";
    if (height === told) return;
    told = height;
    parent.postMessage({ type: TYPE, version: VERSION, event: "height", height }, "*");
    parent.postMessage(JSON.stringify({ src: location.href, context: "iframe.resize", height }), "*");
  };
  new ResizeObserver(tell).observe(play);
  for (const name of ["load", "state-change"]) play.addEventListener(name, () => void play.updateComplete.then(tell));
}
