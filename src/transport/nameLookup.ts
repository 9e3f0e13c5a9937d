import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** All addresses of a host, the best first. Rejects with the resolver's error. */
export type NameLookup = (host: string) => Promise<string[]>;

const underWay = new Map<string, Promise<string[]>>();

/**
 * Asks the system, so that /etc/hosts and nsswitch.conf count. Such a look-up cannot be cancelled, and Node runs two
 * at a time: who asks for a name that is being looked up shares its answer, so that one name that hangs takes one of
 * the two for as long, whoever asks and however often.
 */
export function lookUpName(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return Promise.resolve([host]);
  const asked = underWay.get(host);
  if (asked !== undefined) return asked;
  const answer = lookup(host, { all: true })
    .then((found) => [...new Set(found.map(({ address }) => address))])
    .finally(() => underWay.delete(host));
  underWay.set(host, answer);
  return answer;
}

/**
 * Has glibc give a name up after 2 s for each server instead of 10 s: others wait for the look-up, and the end of the
 * process too, since Node waits for its threads. For a process of this project's own, before its first look-up; what
 * its user has set counts.
 */
export function limitNameLookups(): void {
  process.env['RES_OPTIONS'] ??= 'timeout:1 attempts:2';
}

/** Host and port of `tcp://host:port`, whatever follows; an IPv6 host without its brackets. */
export function hostAndPort(address: string): { host: string; port: number } {
  const { hostname, port } = new URL(address);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}
