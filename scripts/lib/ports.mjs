/** Servers of others on this machine: a port for them, and waiting until they answer. */

import { createServer } from "node:net";

/** Several runs at once on one machine must not meet on one port. */
export function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

const PAUSE_MS = 100;

/** Until a page, or whatever lies at the address, is given; `name` is what an error calls the server. */
export async function answering(address, name, mostMs = 60_000) {
  for (const end = performance.now() + mostMs; performance.now() < end; ) {
    const up = await fetch(address).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return;
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
  throw new Error(`${name} does not answer`);
}
