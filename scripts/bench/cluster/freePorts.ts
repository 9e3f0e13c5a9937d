import { createServer } from 'node:net';

/** Ports of the clusters, below those that systems give to outgoing connections. */
const FIRST_PORT = 25_000;
const PORTS = 1000;

const LOCALHOST = '127.0.0.1';

/** So many ports in a row that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  for (;;) {
    const first = FIRST_PORT + Math.floor(Math.random() * (PORTS - count));
    const ports = Array.from({ length: count }, (_, offset) => first + offset);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return ports;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, LOCALHOST, () => server.close(() => resolve(true)));
  });
}
