import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** One node of the cluster, as every node's configuration names it. */
export interface Member {
  /** `tcp://host:port/<publicKey>`, Mokka's address of it; an IPv6 host stands in brackets. */
  readonly address: string;
  /** A name in lower case, an IPv4 address, or an IPv6 address in its short form without brackets. */
  readonly host: string;
  readonly port: number;
  readonly publicKey: string;
}

/** The largest TCP port. */
export const PORT_MAX = 65_535;

const ADDRESS = /^tcp:\/\/(?<host>[^/]+):(?<port>[1-9]\d{0,4})$/;
const NAME_LENGTH_MAX = 253;
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/** What resolvers read as an IPv4 address of another notation (0x7f000001, 127.1), never as a name. */
const NUMERIC_LABEL = /^(\d+|0x[0-9a-f]*)$/;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** A member from its parts; `host` as {@link parseHost} gives it. */
export function buildMember(host: string, port: number, publicKey: string): Member {
  return { address: `${formatAddress(host, port)}/${publicKey}`, host, port, publicKey };
}

/** `tcp://host:port`, an IPv6 host in brackets. */
export function formatAddress(host: string, port: number): string {
  return `tcp://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Reads `tcp://host:port`; null when it is anything else, or a host that {@link parseHost} refuses. */
export function parseAddress(text: string): { host: string; port: number } | null {
  const parts = ADDRESS.exec(text)?.groups;
  if (parts?.host === undefined) return null;
  const host = parseHost(parts.host);
  const port = Number(parts.port);
  return host === null || port > PORT_MAX ? null : { host, port };
}

/**
 * A host (name, IPv4, IPv6 in brackets) in its one canonical form; null when it is none of these, or when it is
 * the unspecified address (0.0.0.0, ::), which nobody can connect to.
 */
export function parseHost(text: string): string | null {
  const bracketed = /^\[(.*)\]$/.exec(text)?.[1];
  if (bracketed !== undefined) return canonicalIPv6(bracketed);
  if (isIPv4(text)) return text === '0.0.0.0' ? null : text;
  const name = text.toLowerCase();
  const labels = name.split('.');
  if (name.length > NAME_LENGTH_MAX || !labels.every((label) => LABEL.test(label))) return null;
  return NUMERIC_LABEL.test(labels.at(-1) ?? '') ? null : name;
}

/** Whether a host can only be reached from the machine itself. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  return (isIPv4(host) && loopback.check(host)) || (isIPv6(host) && loopback.check(host, 'ipv6'));
}

function canonicalIPv6(text: string): string | null {
  // A zone (fe80::1%eth0) means something on one machine only, so no cluster can share it.
  if (!isIPv6(text) || text.includes('%')) return null;
  const canonical = new URL(`tcp://[${text}]`).hostname.slice(1, -1);
  return canonical === '::' ? null : canonical;
}
