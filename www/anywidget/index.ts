/**
 * The element for notebooks, by the form of module that anywidget has made common: Jupyter and marimo give it a model that lives in their
 * kernel, MyST's `{anywidget}` directive one of plain JSON.
 */

import type { AttentionPlayground } from "../element/attention-playground.ts";
import type { PlaygroundEvents } from "../element/events.ts";
import { defaultState, FIELD_NAMES, type State } from "../state/fields.ts";
import "../element.ts";

/** What a model has: values by their names, of which any may be absent, and messages. */
interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, listener: (...given: never[]) => void): void;
  off(event: string, listener: (...given: never[]) => void): void;
}

interface Message {
  method?: string;
  args?: unknown[];
}

/** Pixels. */
const HEIGHT = 640;
/** Changes that follow each other so closely go to the kernel together. */
const GATHER_MS = 250;

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const play = document.createElement("attention-playground");
  play.style.display = "block";
  const size = () => {
    play.style.height = `${model.get("height") ?? HEIGHT}px`;
  };
  const take = () => {
    if (giving) return;
    // What is not named is as the table has it: the state on both sides is the same. The matrices are told of by themselves.
    const { matrices: _, ...standard } = defaultState();
    play.state = { ...standard, ...(model.get("state") as Partial<State> | undefined) } as State;
  };
  const takeMatrices = () => {
    play.matrices = (model.get("matrices") as State["matrices"] | undefined) ?? null;
  };
  // A model tells of what it is given too, before `set` returns.
  let giving = false;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const give = () => {
    giving = true;
    model.set("state", differing(play.state));
    giving = false;
    attempt(() => model.save_changes());
  };
  // While it plays the state changes with every cell: the kernel is told now and then.
  const gather = (event: Event) => {
    const { source } = (event as CustomEvent<PlaygroundEvents["state-change"]>).detail;
    if (source !== "user") return;
    waiting ??= setTimeout(() => {
      waiting = undefined;
      give();
    }, GATHER_MS);
  };
  const listen = ({ method, args = [] }: Message) => {
    call(play, method, args).catch((thrown: Error) => {
      const detail = { code: "message", message: thrown.message, source: "api" };
      play.dispatchEvent(new CustomEvent("error", { detail, composed: true }));
    });
  };
  size();
  take();
  if (model.get("matrices")) takeMatrices();
  const heard = { "change:state": take, "change:matrices": takeMatrices, "change:height": size, "msg:custom": listen };
  for (const [event, listener] of Object.entries(heard)) model.on(event, listener);
  play.addEventListener("state-change", gather);
  el.append(play);
  return () => {
    clearTimeout(waiting);
    play.removeEventListener("state-change", gather);
    play.dispose();
    for (const [event, listener] of Object.entries(heard)) attempt(() => model.off(event, listener));
  };
}

/** A host without a kernel may refuse: the models of MyST throw when they are to save, or to forget a listener. */
function attempt(act: () => void): void {
  try {
    act();
  } catch (thrown) {
    console.debug("attention-playground:", thrown);
  }
}

/** Matrices stay on the side that they came from. */
function differing(state: State): Partial<State> {
  const standard = defaultState();
  const names = FIELD_NAMES.filter((name) => name !== "matrices" && state[name] !== standard[name]);
  return Object.fromEntries(names.map((name) => [name, state[name]]));
}

async function call(play: AttentionPlayground, method: string | undefined, args: unknown[]): Promise<void> {
  await play.ready;
  switch (method) {
    case "goto":
      return play.goto(args[0] as string, (args[1] as number[] | null) ?? undefined);
    case "play":
      return play.play();
    case "pause":
      return play.pause();
  }
}

export default { render };
