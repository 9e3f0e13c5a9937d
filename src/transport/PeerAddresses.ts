import { isIP } from 'node:net';
import { NAME_LOOKUP_PAUSE_MS, NAME_UNRESOLVED_TOLD_MS } from '../limits';
import { toError } from '../errors';
import type { NameLookup } from './nameLookup';

/**
 * Where a peer may be reached: the addresses of its host, one after the other, the one that worked last first. A name
 * is looked up when none is known, and again, beside the tries, when all have been tried. What was known counts until
 * the name resolves anew, so that a link that broke is made again without the name's servers.
 */
export class PeerAddresses {
  /** In the order of their tries. */
  private known: readonly string[] = [];
  private tried = 0;
  /** The address that worked last. */
  private good: string | null = null;
  private asking: Promise<void> | null = null;
  private askedAt = -Infinity;
  /** Since when the name does not resolve, and the resolver's last word. */
  private unresolved: { since: number; code: string | null } | null = null;

  /** @param now a monotonic clock, ms. */
  constructor(
    private readonly host: string,
    private readonly lookUp: NameLookup,
    private readonly now: () => number = () => performance.now(),
  ) {
    if (!this.isName) this.known = [host];
  }

  /** Whether the peer is named by a name, so that an address is worth telling. */
  get isName(): boolean {
    return isIP(this.host) === 0;
  }

  /** Whether an address is left that this round of tries has not tried. */
  get hasUntried(): boolean {
    return this.tried < this.known.length;
  }

  /** The next address to try; null when none is known, see {@link answered}. */
  next(): string | null {
    if (!this.hasUntried) {
      this.tried = 0;
      this.ask();
    }
    return this.known[this.tried++] ?? null;
  }

  /** Resolves, never rejects, when the look-up under way has ended; at once when there is none. */
  answered(): Promise<void> {
    return this.asking ?? Promise.resolve();
  }

  /** The peer was met at this address. */
  worked(address: string): void {
    this.good = address;
    this.known = [address, ...this.known.filter((other) => other !== address)];
    this.tried = 0;
  }

  /** That the name does not resolve, and since when, as a sentence's end; null while it does, or soon may. */
  get problem(): string | null {
    if (this.unresolved === null) return null;
    const { since, code } = this.unresolved;
    const forMs = this.now() - since;
    if (code === null && forMs < NAME_UNRESOLVED_TOLD_MS) return null;
    return `the name ${this.host} does not resolve (for ${Math.round(forMs / 1000)} s: ${code ?? 'no answer'})`;
  }

  private ask(): void {
    if (!this.isName || this.asking !== null || this.now() - this.askedAt < NAME_LOOKUP_PAUSE_MS) return;
    this.unresolved ??= { since: this.now(), code: null };
    const { since } = this.unresolved;
    this.asking = this.lookUp(this.host)
      .then(
        (addresses) => this.resolved(addresses),
        (thrown: unknown) => (this.unresolved = { since, code: codeOf(toError(thrown)) }),
      )
      .then(() => {
        this.askedAt = this.now();
        this.asking = null;
      });
  }

  private resolved(addresses: readonly string[]): void {
    this.unresolved = null;
    const { good } = this;
    // One that is not in the answer is the last resort: the answer may lack a family whose query was lost.
    if (good === null) this.known = addresses;
    else if (!addresses.includes(good)) this.known = [...addresses, good];
    else this.known = [good, ...addresses.filter((address) => address !== good)];
    this.tried = 0;
  }
}

function codeOf(error: NodeJS.ErrnoException): string {
  return error.code ?? error.message;
}
