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

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const play = document.createElement("attention-playground");
  play.style.display = "block";
  const size = () => {
    play.style.height = `${model.get("height") ?? HEIGHT}px`;
  };
  const take = () => {
    // What is not named is as the table has it: the state on both sides is the same.
    const given = { ...defaultState(), ...(model.get("state") as Partial<State> | undefined) };
    const matrices = model.get("matrices") as State["matrices"] | undefined;
    play.state = matrices ? { ...given, matrices } : given;
  };
  const give = (event: Event) => {
    const { state, source } = (event as CustomEvent<PlaygroundEvents["state-change"]>).detail;
    if (source !== "user") return;
    model.set("state", differing(state));
    model.save_changes();
  };
  const listen = ({ method, args = [] }: Message) => void call(play, method, args);
  size();
  take();
  const heard = { "change:state": take, "change:matrices": take, "change:height": size, "msg:custom": listen };
  for (const [event, listener] of Object.entries(heard)) model.on(event, listener);
  play.addEventListener("state-change", give);
  el.append(play);
  return () => {
    for (const [event, listener] of Object.entries(heard)) model.off(event, listener);
    play.removeEventListener("state-change", give);
    play.dispose();
  };
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
