import type { Socket } from 'node:net';
import { UNDECRYPTED_BYTES_MAX, UNDECRYPTED_RATIO_MAX } from '../../limits';

/**
 * Whether what comes in on a connection also comes out of TLS. Bytes that do not are held by TLS, or are messages of
 * its own that cost this node work and answers (key updates, tickets, empty records). TLS tells its errors by itself;
 * this holds whatever it does not tell.
 */
export class PlaintextWatch {
  private rawBytes = 0;
  private plainBytes = 0;
  private excessBytes = 0;

  /** @param raw the connection that `tls` reads from. */
  constructor(
    private readonly raw: Pick<Socket, 'bytesRead'>,
    private readonly tls: () => Pick<Socket, 'bytesRead'> | null,
  ) {}

  /** Looks at both counts. False when too much came in since the last looks for what came out. */
  look(): boolean {
    const rawBytes = this.raw.bytesRead;
    const plainBytes = this.tls()?.bytesRead ?? 0;
    const excess = rawBytes - this.rawBytes - UNDECRYPTED_RATIO_MAX * (plainBytes - this.plainBytes);
    this.excessBytes = Math.max(0, this.excessBytes + excess);
    this.rawBytes = rawBytes;
    this.plainBytes = plainBytes;
    return this.excessBytes <= UNDECRYPTED_BYTES_MAX;
  }
}
