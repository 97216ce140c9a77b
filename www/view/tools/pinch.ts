/** Two fingers: how far they spread since the last move, and about which point. */

interface Point {
  x: number;
  y: number;
}

export class Pinch {
  readonly #fingers = new Map<number, Point>();

  down({ pointerId, pointerType, clientX, clientY }: PointerEvent): void {
    if (pointerType === "touch") this.#fingers.set(pointerId, { x: clientX, y: clientY });
  }

  up({ pointerId }: PointerEvent): void {
    this.#fingers.delete(pointerId);
  }

  get active(): boolean {
    return this.#fingers.size === 2;
  }

  /** What a move of one of two fingers comes to. */
  move({ pointerId, clientX, clientY }: PointerEvent): { factor: number; at: Point } | undefined {
    if (!this.active || !this.#fingers.has(pointerId)) return undefined;
    const before = this.#spread();
    this.#fingers.set(pointerId, { x: clientX, y: clientY });
    const after = this.#spread();
    return before.size > 0 ? { factor: after.size / before.size, at: after.middle } : undefined;
  }

  #spread(): { size: number; middle: Point } {
    const [a, b] = [...this.#fingers.values()] as [Point, Point];
    return { size: Math.hypot(a.x - b.x, a.y - b.y), middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } };
  }
}
