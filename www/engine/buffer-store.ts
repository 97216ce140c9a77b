/** Buffers that travel to workers and back, used again. */

export class BufferStore {
  readonly #most: number;
  readonly #free: ArrayBuffer[] = [];

  /** Keeps at most so many. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The smallest that is large enough, but not one that is far too large: it would stay in memory for nothing. */
  take(bytes: number): ArrayBuffer {
    const fits = ({ byteLength }: ArrayBuffer) => byteLength >= bytes && byteLength <= 2 * bytes;
    const best = this.#free.filter(fits).sort((a, b) => a.byteLength - b.byteLength)[0];
    if (!best) return new ArrayBuffer(bytes);
    this.#free.splice(this.#free.indexOf(best), 1);
    return best;
  }

  give(buffer: ArrayBuffer): void {
    this.#free.push(buffer);
    if (this.#free.length > this.#most) this.#free.shift();
  }
}
