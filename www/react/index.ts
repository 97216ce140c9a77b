/** The element as a component of React 18 or 19: the fields of the state as props, its events as `onStepChange` and the like. */

import {
  createElement,
  type ForwardedRef,
  forwardRef,
  type ReactNode,
  useEffect,
  useImperativeHandle,
  useRef,
} from "react";
import type { AttentionPlayground as Playground } from "../element/attention-playground.ts";
import type { PlaygroundEvents } from "../element/events.ts";
import { attributeName, FIELD_NAMES, type State } from "../state/fields.ts";
import "../element.ts";

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Capitalize<Head>}${Camel<Tail>}`
  : Capitalize<Name>;

export type PlaygroundHandlers = {
  [Name in keyof PlaygroundEvents as `on${Camel<Name>}`]?: (event: CustomEvent<PlaygroundEvents[Name]>) => void;
};

export interface PlaygroundProps extends Partial<State>, PlaygroundHandlers {
  /** Shows until the element is ready, without JavaScript, and after an error that ends it. */
  children?: ReactNode;
  id?: string;
  className?: string;
  style?: Record<string, string | number>;
}

/** A prop that is absent leaves the field at its default. */
function attributesOf(props: Partial<State>): Record<string, string> {
  const given = FIELD_NAMES.filter((name) => props[name] !== undefined && props[name] !== null);
  const text = (value: unknown) => (typeof value === "object" ? JSON.stringify(value) : String(value));
  return Object.fromEntries(given.map((name) => [attributeName(name), text(props[name])]));
}

/** `onStepChange` listens to `step-change`. */
const eventName = (prop: string) =>
  prop
    .replace(/^on/, "")
    .replace(/\B[A-Z]/g, "-$&")
    .toLowerCase();

function Component(props: PlaygroundProps, ref: ForwardedRef<Playground>): ReactNode {
  const element = useRef<Playground>(null);
  useImperativeHandle(ref, () => element.current as Playground, []);
  // React 18 knows no events of custom elements. The listeners stay, and ask for the handler of the last rendering.
  const last = useRef<PlaygroundHandlers>(props);
  last.current = props;
  const names = Object.keys(props)
    .filter((name) => /^on[A-Z]/.test(name))
    .sort()
    .join();
  useEffect(() => {
    const node = element.current;
    const listeners = names
      .split(",")
      .filter(Boolean)
      .map((prop) => {
        const call = (event: Event) => last.current[prop as "onLoad"]?.(event as CustomEvent);
        return [eventName(prop), call] as const;
      });
    for (const [name, call] of listeners) node?.addEventListener(name, call);
    return () => {
      for (const [name, call] of listeners) node?.removeEventListener(name, call);
    };
  }, [names]);
  const { children, id, className, style } = props;
  // As an attribute: React 18 would write className as it stands.
  const own = { ref: element, id, class: className, style, suppressHydrationWarning: true };
  return createElement("attention-playground", { ...own, ...attributesOf(props) }, children);
}

export const AttentionPlayground = forwardRef(Component);
AttentionPlayground.displayName = "AttentionPlayground";
