import { PacketType } from '../../src/mokka/messages/ElectionPacket';
import { encodeLogMessage, type LogMessage } from '../../src/mokka/messages/LogMessage';
import type { ForwardedPush, Refusal } from '../../src/mokka/messages/pushes';
import {
  buildEntry,
  encodePayload,
  ENTRY_NUMBER_MAX,
  EntryKind,
  HASH_BYTES,
  IDENTITY_BYTES,
  type Entry,
} from '../../src/entry/Entry';
import { encodeTrim } from '../../src/entry/trim';
import type { Random } from '../simulation/simulator/world/Random';
import type { Sight } from './Sight';

/** That of most pushes, as of one process; nonces tell them apart. */
const SESSION = '00000000000000fe';

/** Well-formed packets of every kind, with fields near the truth, at its edges, and far from it. */
export class PacketMaker {
  private made = 0;

  constructor(
    private readonly random: Random,
    /** The stolen identity. */
    private readonly self: string,
    private readonly sight: Sight,
  ) {}

  make(): Buffer {
    this.made++;
    return this.random.perMille(500) ? this.electionPacket() : encodeLogMessage(this.logMessage());
  }

  private electionPacket(): Buffer {
    const { random, sight } = this;
    const packet = {
      type: random.pick(Object.values(PacketType)),
      state: random.below(4),
      term: this.term(),
      publicKey: this.self,
      proof: random.pick([null, sight.proof, this.proof()]),
      timestamp: random.pick([0, Date.now(), ENTRY_NUMBER_MAX]),
      data: {
        lastTerm: this.term(),
        lastPosition: this.index(),
        votes: random.perMille(500),
        writeMs: random.pick([0, random.below(3000), ENTRY_NUMBER_MAX]),
        leader: random.pick([null, this.self, random.bytes(65).toString('hex')]),
        round: random.pick([0, random.below(1000), ENTRY_NUMBER_MAX]),
        nonce: random.pick([0, Date.now()]),
        agrees: random.perMille(500),
        voter: random.perMille(500),
        incarnation: this.incarnation(),
        termAtLeast: random.pick([0, sight.term + 1, ENTRY_NUMBER_MAX]),
        signature: random.pick([null, '0', random.bytes(32).toString('hex')]),
      },
    };
    return Buffer.from(JSON.stringify(packet));
  }

  private logMessage(): LogMessage {
    const { random, sight } = this;
    const epoch = random.pick([...sight.epochs.values(), 1, random.below(10)]);
    const term = this.term();
    switch (random.below(16)) {
      case 0:
        return this.append(epoch);
      case 1:
        return {
          type: 'readmit',
          term,
          incarnation: this.incarnation(),
          index: this.index(),
          identity: random.bytes(16).toString('hex'),
        };
      case 2:
        return { type: 'forward', pushes: [this.push()] };
      case 3:
        return this.answer(term);
      case 4:
        return random.perMille(500)
          ? { type: 'confirm', id: random.below(1000) }
          : { type: 'askLags', id: random.below(1000) };
      case 5:
        return {
          type: 'confirmed',
          id: random.below(1000),
          commitIndex: random.pick([null, this.index()]),
        };
      case 6:
        return { type: 'commit', term, commitIndex: this.index() };
      case 7:
        return { type: 'lags', id: random.below(1000), lags: [0, this.index()] };
      case 8:
        // Of a log that is there the nodes would rightly do it.
        return { type: 'trim', logNumber: random.pick([sight.lastIndex + 1_000_000, ENTRY_NUMBER_MAX]) };
      case 9:
        return { type: 'trimRefused', logNumber: this.index() };
      default:
        return {
          type: 'appended',
          term,
          incarnation: this.incarnation(),
          epoch,
          success: random.perMille(700),
          matchIndex: this.index(),
          divergedAt: random.perMille(50) ? this.index() : null,
          commitIndex: this.index(),
          voter: random.perMille(700),
          room: random.pick(['some', 'full', 'none']),
        };
    }
  }

  /** Often the same, so that what it claims is believed. */
  private incarnation(): string {
    const { random } = this;
    return random.pick(['0000000000000001', random.bytes(8).toString('hex')]);
  }

  private append(epoch: number): LogMessage {
    const { random } = this;
    const term = this.term();
    const previousIndex = this.index();
    const previousTerm = Math.max(0, term - random.below(2));
    const entries: Entry[] = [];
    const room = Math.min(random.below(4), ENTRY_NUMBER_MAX - previousIndex);
    for (let n = 0; n < room; n++)
      entries.push(this.entry(previousIndex + n + 1, term, entries.at(-1) ?? null));
    return {
      type: 'append',
      term,
      epoch,
      previousIndex,
      previousTerm,
      previousHash: random.bytes(HASH_BYTES),
      floorLogNumber: random.pick([null, null, this.index(), previousIndex]),
      commitIndex: this.index(),
      entries,
    };
  }

  private entry(index: number, term: number, previous: Entry | null): Entry {
    const header = { index, term, logNumber: Math.floor(index / 2), createdAt: Date.now() };
    if (this.random.perMille(100))
      return buildEntry(header, this.trim(), previous, undefined, EntryKind.Trim);
    const payload = this.random.perMille(700) ? this.push().payload : null;
    return buildEntry(header, payload, previous);
  }

  private trim(): Buffer {
    const { random } = this;
    const index = Math.max(1, this.index());
    const point = {
      index,
      term: this.term(),
      logNumber: random.below(2) * index,
      bytes: random.bytes(HASH_BYTES),
    };
    return encodeTrim({ floor: point, identity: random.bytes(IDENTITY_BYTES).toString('hex') });
  }

  /** Each is another: what the nodes may rightly append of it is known by its payload. */
  private push(): ForwardedPush {
    const { random } = this;
    const size = random.perMille(1) ? 100_000 : random.below(60);
    const session = random.perMille(50) ? random.bytes(8).toString('hex') : SESSION;
    const id = { session, nonce: this.made };
    const payload = encodePayload(id, `fuzz-${this.made}`, 'x'.repeat(size));
    return {
      since: random.pick([null, this.index()]),
      ifLast: random.pick([null, null, this.index()]),
      ifKeyLast: random.pick([null, null, this.index()]),
      payload,
    };
  }

  private answer(term: number): LogMessage {
    const { random } = this;
    const head = { type: 'answers' as const, term, commitIndex: this.index() };
    const id = { session: random.bytes(8).toString('hex'), nonce: random.below(1000) };
    if (random.perMille(500)) {
      const refused = random.pick<Refusal>(['STALE_NONCE', 'NONCE_REUSED', 'NO_LEADER', 'TRIMMED']);
      const lastLogNumber = refused === 'TRIMMED' ? this.index() : null;
      return { ...head, committed: [], refused: [{ ...id, refused, since: null, lastLogNumber }] };
    }
    const committed = { logNumber: this.index(), term: this.term(), createdAt: 0, hash: random.bytes(32) };
    return { ...head, committed: [{ ...id, committed }], refused: [] };
  }

  private term(): number {
    const { random, sight } = this;
    const near = Math.max(0, sight.term + random.between(-1, 1));
    return random.pick([
      sight.term,
      sight.term,
      sight.term,
      near,
      0,
      random.pick([ENTRY_NUMBER_MAX, 2 ** 31]),
    ]);
  }

  private index(): number {
    const { random, sight } = this;
    const near = Math.max(0, sight.lastIndex + random.between(-3, 3));
    return random.pick([sight.lastIndex, near, random.below(near + 1), 0, ENTRY_NUMBER_MAX]);
  }

  private proof(): string {
    const { random } = this;
    return `${random.below(1000)}:02${random.bytes(32).toString('hex')}:${random.bytes(32).toString('hex')}`;
  }
}
