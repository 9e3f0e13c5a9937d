/**
 * Loaded into a node before its own code: names resolve as the file HELD_NAMES says, the way getaddrinfo does it in
 * Node's threads: two at a time, and what hangs cannot be cancelled.
 */
import dns, { type LookupAddress } from 'node:dns';
import dnsPromises from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

/** Names whose servers do not answer; every other is this machine. */
export type HeldNames = readonly string[];

const AT_A_TIME = 2;

/** Longer than a test waits for anything. */
const HANGS_MS = 300_000;

const THIS_MACHINE: LookupAddress[] = [{ address: '127.0.0.1', family: 4 }];

let running = 0;
const waiting: (() => void)[] = [];

async function resolveName(host: string): Promise<LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  if (running === AT_A_TIME) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  const held = JSON.parse(readFileSync(process.env['HELD_NAMES'] ?? '', 'utf8')) as HeldNames;
  if (held.includes(host)) await new Promise((resolve) => setTimeout(resolve, HANGS_MS));
  running--;
  waiting.shift()?.();
  return THIS_MACHINE;
}

type Callback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

function lookup(host: string, ...rest: [...unknown[], Callback]): void {
  const [options] = rest;
  const callback = rest.at(-1) as Callback;
  const all = typeof options === 'object' && options !== null && 'all' in options && options.all === true;
  void resolveName(host).then((found) => {
    if (all) callback(null, found);
    else callback(null, found[0]?.address ?? '', found[0]?.family);
  });
}

Object.assign(dns, { lookup });
Object.assign(dnsPromises, { lookup: resolveName });
