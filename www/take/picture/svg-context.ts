/**
 * What the painter of the scene asks of a canvas, as SVG: it draws the same picture, shape by shape. Only moves and scalings are
 * asked for, so that every shape stands at its place in the picture, and a clip is a group.
 */

type Attributes = Record<string, string | number>;

interface Saved {
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  globalAlpha: number;
  a: number;
  d: number;
  e: number;
  f: number;
  /** Groups that were opened since. */
  groups: number;
}

/** Hundredths of a pixel are nowhere seen. */
const at = (value: number) => String(Math.round(value * 100) / 100);

const REFERENCES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
export const xml = (text: string): string => text.replace(/[&<>"']/g, (letter) => REFERENCES[letter] as string);

export function tag(name: string, attributes: Attributes, content?: string): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${xml(String(value))}"`);
  return content === undefined ? `<${name}${written.join("")}/>` : `<${name}${written.join("")}>${content}</${name}>`;
}

export class SvgContext {
  readonly parts: string[] = [];
  readonly canvas: { width: number; height: number };
  #clips = 0;
  #path: string[] = [];
  #stack: Saved[] = [];
  #now: Saved = {
    fillStyle: "#000",
    strokeStyle: "#000",
    lineWidth: 1,
    globalAlpha: 1,
    ...{ a: 1, d: 1, e: 0, f: 0, groups: 0 },
  };

  constructor(width: number, height: number) {
    this.canvas = { width, height };
  }

  /** `name`: no other picture on the page has it, so that their clips are told apart. */
  partsNamed(name: string): string[] {
    return this.parts.map((part) => part.replace(/(id="|url\(#)clip-/g, `$1clip-${name}-`));
  }

  set fillStyle(color: string) {
    this.#now.fillStyle = color;
  }
  set strokeStyle(color: string) {
    this.#now.strokeStyle = color;
  }
  set lineWidth(width: number) {
    this.#now.lineWidth = width;
  }
  get globalAlpha(): number {
    return this.#now.globalAlpha;
  }
  set globalAlpha(alpha: number) {
    this.#now.globalAlpha = alpha;
  }

  save(): void {
    this.#stack.push({ ...this.#now });
    this.#now.groups = 0;
  }

  restore(): void {
    this.parts.push("</g>".repeat(this.#now.groups));
    this.#now = this.#stack.pop() ?? this.#now;
  }

  getTransform(): { a: number; d: number; e: number; f: number } {
    const { a, d, e, f } = this.#now;
    return { a, d, e, f };
  }

  translate(x: number, y: number): void {
    this.#now.e += x * this.#now.a;
    this.#now.f += y * this.#now.d;
  }

  scale(x: number, y: number): void {
    this.#now.a *= x;
    this.#now.d *= y;
  }

  beginPath(): void {
    this.#path = [];
  }

  moveTo(x: number, y: number): void {
    this.#path.push(`M${this.#x(x)} ${this.#y(y)}`);
  }

  lineTo(x: number, y: number): void {
    this.#path.push(`L${this.#x(x)} ${this.#y(y)}`);
  }

  rect(x: number, y: number, width: number, height: number): void {
    const [left, top, right, bottom] = [this.#x(x), this.#y(y), this.#x(x + width), this.#y(y + height)];
    this.#path.push(`M${left} ${top}H${right}V${bottom}H${left}Z`);
  }

  clip(): void {
    const id = `clip-${++this.#clips}`;
    this.parts.push(tag("clipPath", { id }, tag("path", { d: this.#path.join("") })), `<g clip-path="url(#${id})">`);
    this.#now.groups++;
  }

  fill(): void {
    this.#add("path", { d: this.#path.join(""), ...this.#filled() });
  }

  stroke(): void {
    if (this.#path.length > 0) this.#add("path", { d: this.#path.join(""), ...this.#stroked() });
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.#add("rect", { ...this.#box(x, y, width, height), ...this.#filled() });
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#add("rect", { ...this.#box(x, y, width, height), ...this.#stroked() });
  }

  /** A picture that is an image already. */
  image(href: string, x: number, y: number, width: number, height: number): void {
    this.#add("image", { ...this.#box(x, y, width, height), href, preserveAspectRatio: "none" });
  }

  #add(name: string, attributes: Attributes): void {
    const { globalAlpha } = this.#now;
    this.parts.push(tag(name, globalAlpha < 1 ? { ...attributes, opacity: at(globalAlpha) } : attributes));
  }

  #x = (x: number) => at(x * this.#now.a + this.#now.e);
  #y = (y: number) => at(y * this.#now.d + this.#now.f);

  #box(x: number, y: number, width: number, height: number): Attributes {
    const { a, d } = this.#now;
    return { x: this.#x(x), y: this.#y(y), width: at(width * a), height: at(height * d) };
  }

  #filled = (): Attributes => ({ fill: this.#now.fillStyle });
  #stroked = (): Attributes => ({
    fill: "none",
    stroke: this.#now.strokeStyle,
    "stroke-width": at(this.#now.lineWidth * this.#now.a),
  });
}
