import { connect } from 'node:net';
import { generateKeyPair } from '../../../src/config/keyPair';
import { UNDECRYPTED_BYTES_MAX } from '../../../src/limits';
import { helloOf, type Hello } from '../../../src/transport/hello';
import { makeNodeCertificate } from '../../../src/transport/tls/NodeCertificate';
import { residentBytes } from '../../fuzz/memory';
import { makeMembers, MemberProcess, until, type TestMember } from './members';
import { TlsAttacker } from './TlsAttacker';
import { ContentType, recordWithWrongMac } from './TlsRecords';

const MiB = 1024 * 1024;
/** What an attacker sends at most; many times what the node may keep of it. */
const FLOOD_BYTES = 128 * MiB;
const GROWTH_BYTES_MAX = 10 * MiB;

const fatal = (description: number): Buffer => Buffer.from([2, description]);
const CLOSE_NOTIFY = Buffer.from([1, 0]);
const CLIENT_HELLO = Buffer.concat([Buffer.from('010000fb0303', 'hex'), Buffer.alloc(0xf9)]);
const EMPTY_CERTIFICATE = Buffer.from('0b00000400000000', 'hex');

/** What is sent after the handshake, before bytes without end, and what the node says of it. */
const attacks: [name: string, said: RegExp | null, attack: (attacker: TlsAttacker) => Promise<void>][] = [
  ['a wrong MAC', /bad record mac/, (attacker) => attacker.send(recordWithWrongMac())],
  ['alert 10', /alert/, (to) => to.send(to.records.record(ContentType.alert, fatal(10)))],
  ['alert 20', /alert/, (to) => to.send(to.records.record(ContentType.alert, fatal(20)))],
  ['close_notify', null, (to) => to.send(to.records.record(ContentType.alert, CLOSE_NOTIFY))],
  [
    'a second ClientHello',
    /unexpected message/,
    (to) => to.send(to.records.record(ContentType.handshake, CLIENT_HELLO)),
  ],
  [
    'a Certificate',
    /unexpected message/,
    (to) => to.send(to.records.record(ContentType.handshake, EMPTY_CERTIFICATE)),
  ],
  [
    'empty records without end',
    /record|empty|without end/,
    (attacker) => repeat(attacker, () => attacker.records.record(ContentType.data, Buffer.alloc(0))),
  ],
  [
    // Where each takes long, the time for a handshake may end it first.
    'key updates without end',
    null,
    (attacker) => repeat(attacker, () => attacker.records.keyUpdate()),
  ],
];

let members: TestMember[];
let victim: MemberProcess;
let attacker: TlsAttacker | null = null;

beforeAll(async () => {
  // Only the first is started: tests speak with the second's key, as a thief would.
  members = await makeMembers(2);
  victim = new MemberProcess();
  await victim.ready();
  victim.tell({ do: 'start', self: 0, members });
  let isListening = false;
  const probe = (): void => {
    const socket = connect(member(0).port, '127.0.0.1', () => (isListening = true));
    socket.on('error', () => setTimeout(probe, 20));
    socket.on('connect', () => socket.destroy());
  };
  probe();
  await until('the victim listens', () => isListening);
});

afterEach(() => attacker?.end());

afterAll(() => victim.kill());

async function repeat(to: TlsAttacker, make: () => Buffer): Promise<void> {
  for (let sent = 0; sent < 8 * UNDECRYPTED_BYTES_MAX && !to.isClosed;) {
    const records = Buffer.concat(Array.from({ length: 200 }, make));
    sent += records.length;
    await to.send(records);
  }
}

function member(index: number): TestMember {
  const found = members[index];
  if (found === undefined) throw new Error('no such member');
  return found;
}

function clusterHello(): Hello {
  return helloOf(
    members.map(({ keys }) => keys.publicKey),
    null,
  );
}

const sides = [
  [
    'a client',
    (key: string, hello: Hello | null) => TlsAttacker.connect(member(0).port, contextOf(key), hello),
  ],
  [
    'a listener',
    (key: string, hello: Hello | null) => TlsAttacker.listen(member(1).port, contextOf(key), hello),
  ],
] as const;

function contextOf(secretKey: string): ReturnType<typeof makeNodeCertificate>['secureContext'] {
  return makeNodeCertificate(secretKey).secureContext;
}

const attackers = [
  ['a stranger', () => generateKeyPair().secretKey, () => null],
  ["a member's key, before its hello", () => member(1).keys.secretKey, () => null],
  ["a member's key, after its hello", () => member(1).keys.secretKey, clusterHello],
] as const;

describe.each(sides)('%s', (_side, begin) =>
  describe.each(attackers)('with %s', (_who, secretKey, hello) =>
    test.each(attacks)(
      '%s, then bytes without end: closed at once, nothing kept',
      async (_name, said, attack) => {
        const refusedBefore = refusals().length;
        const begun = await begin(secretKey(), hello());
        attacker = begun;
        const before = residentBytes(victim.pid);
        await attack(begun);
        await begun.flood(FLOOD_BYTES);
        const grown = residentBytes(victim.pid) - before;
        expect({ grown: grown > GROWTH_BYTES_MAX ? grown : 'little' }).toEqual({ grown: 'little' });
        await until('the connection is closed', () => begun.isClosed);
        if (said === null) return;
        await until('it is told', () => refusals().length > refusedBefore);
        expect(refusals().slice(refusedBefore).join()).toMatch(said);
      },
    ),
  ),
);

function refusals(): string[] {
  return victim.reports.flatMap((report) => (report.is === 'refused' ? [report.reason] : []));
}
