/** The element as a component of React 18 or 19: the fields of the state as props, its events as `onStepChange` and the like. */

import {
  type CSSProperties,
  createElement,
  type ForwardedRef,
  forwardRef,
  type HTMLAttributes,
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

/** What any tag may have, as far as it is neither a field nor an event of the element. */
type TagProps = Omit<HTMLAttributes<Playground>, keyof State | `on${string}` | "children" | "style">;

export interface PlaygroundProps extends Partial<State>, PlaygroundHandlers, TagProps {
  /** Shows until the element is ready, without JavaScript, and after an error that ends it. */
  children?: ReactNode;
  style?: CSSProperties;
  /** Keeps the state in the address of the page. */
  "sync-url"?: boolean | "";
  [data: `data-${string}`]: unknown;
}

/** A prop that is absent leaves the field at its default. */
function attributesOf(props: Partial<State>): Record<string, string> {
  const given = FIELD_NAMES.filter((name) => props[name] !== undefined && props[name] !== null);
  const text = (value: unknown) => (typeof value === "object" ? JSON.stringify(value) : String(value));
  return Object.fromEntries(given.map((name) => [attributeName(name), text(props[name])]));
}

const FIELDS = new Set<string>(FIELD_NAMES);
const isHandler = (prop: string) => /^on[A-Z]/.test(prop);

/** What is neither a field nor a handler is the tag's. As an attribute: React 18 would write className as it stands, and true as text. */
function tagProps({ children: _, className, "sync-url": sync, ...props }: PlaygroundProps): Record<string, unknown> {
  const own = Object.entries(props).filter(([name]) => !FIELDS.has(name) && !isHandler(name));
  // React 18 would write false as text, which hides all the same.
  const plain = own.map(([name, value]) => [
    name,
    value === false && /^(hidden|inert)$/.test(name) ? undefined : value,
  ]);
  return { ...Object.fromEntries(plain), class: className, "sync-url": sync === true || sync === "" ? "" : undefined };
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
  const names = Object.keys(props).filter(isHandler).sort().join();
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
  const own = { ref: element, suppressHydrationWarning: true, ...tagProps(props) };
  return createElement("attention-playground", { ...own, ...attributesOf(props) }, props.children);
}

export const AttentionPlayground = forwardRef(Component);
AttentionPlayground.displayName = "AttentionPlayground";
