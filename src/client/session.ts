import { badArgument } from './clientErrors';

const SESSION_BYTES = 8;

/** A session of nobody else: 16 hex digits. */
export function randomSession(): string {
  return hex(crypto.getRandomValues(new Uint8Array(SESSION_BYTES)));
}

/** The session of a name: the first 16 hex digits of its SHA-256. */
export async function namedSession(name: string): Promise<string> {
  // Browsers have it for pages of https and of this machine alone.
  const { subtle } = crypto as Partial<typeof crypto>;
  if (subtle === undefined) throw badArgument('a page without https cannot name a session: leave it out');
  const digest = await subtle.digest('SHA-256', new TextEncoder().encode(name));
  return hex(new Uint8Array(digest).subarray(0, SESSION_BYTES));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
