/** The one clock: while it plays, time goes on with the frames of the screen, and nothing else does. */

export class Player {
  readonly #advance: (seconds: number) => void;
  #request = 0;
  #last = 0;

  constructor(advance: (seconds: number) => void) {
    this.#advance = advance;
  }

  get playing(): boolean {
    return this.#request !== 0;
  }

  play(): void {
    if (this.playing) return;
    this.#last = performance.now();
    this.#request = requestAnimationFrame(this.#tick);
  }

  pause(): void {
    cancelAnimationFrame(this.#request);
    this.#request = 0;
  }

  readonly #tick = (now: number) => {
    // A tab that was hidden does not jump ahead when it comes back.
    const seconds = Math.min(0.1, Math.max(0, now - this.#last) / 1000);
    this.#last = now;
    this.#request = requestAnimationFrame(this.#tick);
    this.#advance(seconds);
  };
}
