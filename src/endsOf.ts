import type { Socket } from 'node:net';

/**
 * What names a connection: TLS tells of another socket than TCP does, and both have the same two ends. No two connections
 * have the same while both are there.
 */
export function endsOf(socket: Socket): string {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
