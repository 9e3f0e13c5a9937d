import { timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { toError } from '../../errors';
import { TOKENS_LOOK_MS } from '../../httpLimits';
import { SCOPES, type Scope } from './scopes';
import { hashToken, readTokenFile } from './tokenFile';

interface KnownToken {
  readonly hash: Buffer;
  readonly scopes: readonly Scope[];
}

/**
 * The tokens that a node takes: those of a file, which is read again when it changes, and one that is given. A file that
 * cannot be read later on leaves those that were read before; one that is gone takes them with it.
 */
export class Tokens {
  private known: readonly KnownToken[];
  private readonly given: readonly KnownToken[];
  private seen = '';
  private editions = 0;
  private readonly timer: NodeJS.Timeout | null;

  /**
   * @param path of the file, which need not be there yet; null for none
   * @param token one that has all scopes; null for none
   * @param unreadable is told once of each change of the file that cannot be read
   */
  constructor(
    private readonly path: string | null,
    token: string | null,
    private readonly unreadable: (error: Error) => void,
  ) {
    this.given = token === null ? [] : [{ hash: hashToken(token), scopes: SCOPES }];
    this.known = this.given;
    this.timer = path === null ? null : setInterval(() => void this.look(), TOKENS_LOOK_MS).unref();
  }

  /** Reads the file, if there is one. @throws StartError BAD_KEY */
  async open(): Promise<void> {
    if (this.path === null) return;
    const version = await versionOf(this.path);
    if (version !== '') this.read(this.path);
    this.seen = version;
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** Another number for each time that other tokens are taken. */
  get edition(): number {
    return this.editions;
  }

  /** The scopes of a token; null for one that is not known. Takes as long for any, so that nobody learns one by trying. */
  scopesOf(token: string): readonly Scope[] | null {
    const hash = hashToken(token);
    let scopes: readonly Scope[] | null = null;
    for (const known of this.known) if (timingSafeEqual(known.hash, hash)) scopes = known.scopes;
    return scopes;
  }

  private async look(): Promise<void> {
    if (this.path === null) return;
    try {
      const version = await versionOf(this.path);
      if (version === this.seen) return;
      this.seen = version;
      if (version === '') this.take([]);
      else this.read(this.path);
    } catch (thrown) {
      this.unreadable(toError(thrown));
    }
  }

  private read(path: string): void {
    this.take(
      readTokenFile(path).map(({ sha256, scopes }) => ({ hash: Buffer.from(sha256, 'hex'), scopes })),
    );
  }

  private take(stored: readonly KnownToken[]): void {
    this.known = [...stored, ...this.given];
    this.editions++;
  }
}

/** Another text for each content that a file had; '' where there is none; why it cannot be looked at, which its reading tells. */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, mtimeMs, ctimeMs, size } = await stat(path);
    return `${ino}/${mtimeMs}/${ctimeMs}/${size}`;
  } catch (thrown) {
    const { code = 'unknown' } = thrown as NodeJS.ErrnoException;
    return code === 'ENOENT' ? '' : code;
  }
}
