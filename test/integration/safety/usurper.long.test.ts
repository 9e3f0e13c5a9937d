import {
  encodeLogMessage,
  type AppendMessage,
  type LogMessage,
} from '../../../src/mokka/messages/LogMessage';
import {
  buildEntry,
  encodePayload,
  ENTRY_NUMBER_MAX,
  entryHash,
  HASH_BYTES,
  type Entry,
} from '../../../src/entry/Entry';
import { DurableLogStore } from '../../../src/storage/durable/DurableLogStore';
import { encodeRequest } from '../../../src/transport/frames';
import { helloOf } from '../../../src/transport/hello';
import { makeNodeCertificate } from '../../../src/transport/tls/NodeCertificate';
import { ImpostorListener } from '../../fuzz/ImpostorListener';
import { MemberConnection } from '../../fuzz/MemberConnection';
import { mutate } from '../../fuzz/mutate';
import { Usurper } from '../../fuzz/Usurper';
import { Random } from '../../simulation/simulator/world/Random';
import { Cluster } from '../cluster/Cluster';
import type { NodeProcess } from '../cluster/NodeProcess';
import { until } from '../cluster/until';

/** What a stolen key can do at worst: its holder is elected, and lies as the leader (README, "A stolen key"). */

const SEED = 3;
const LIES = 1500;
const KEPT = 5;

let cluster: Cluster;
let node: NodeProcess;
let impostor: ImpostorListener | undefined;

beforeAll(async () => {
  cluster = await Cluster.createWithOwnKeys({ LOG_LEVEL: 'warn' });
  for (let index = 0; index < cluster.members.length; index++) cluster.start(index);
  const leader = await cluster.leader();
  for (let n = 1; n <= KEPT; n++) await leader.addLog('kept', `before ${n}`);
  await cluster.converged();
  await cluster.node(2).kill();
  node = cluster.node(0);
});

afterAll(async () => {
  await impostor?.close();
  await cluster.end();
});

/** The log of a node that is stopped: also what its commands do not show. */
async function lastEntryOf(index: number): Promise<Entry> {
  const store = await DurableLogStore.open({
    directory: cluster.directoryOf(index),
    clusterId: cluster.clusterId,
    publicKey: cluster.member(index).keys.publicKey,
  });
  const { last } = store;
  store.close();
  if (last === null) throw new Error('the log is empty');
  return last;
}

/** What a leader may say, and what none says: other entries, other terms, commits of what nobody has. */
function lie(random: Random, term: number, top: Entry, salt: number): LogMessage {
  const index = random.pick([top.index, top.index + random.below(4), random.below(8)]);
  const count = random.below(4);
  const entries: Entry[] = [];
  let previous = top;
  for (let n = 1; n <= count; n++) {
    const payload = encodePayload({ session: '00000000000000ee', nonce: salt }, 'lie', `${salt}`);
    const header = {
      index: index + n,
      term: random.pick([term, term - 1, top.term]),
      logNumber: top.logNumber + n,
      createdAt: 0,
    };
    previous = buildEntry(header, payload, previous);
    entries.push(previous);
  }
  const append: AppendMessage = {
    type: 'append',
    term,
    epoch: random.below(3),
    previousIndex: index,
    previousTerm: random.pick([top.term, term]),
    previousHash: random.pick([entryHash(top), random.bytes(HASH_BYTES)]),
    floorLogNumber: null,
    commitIndex: random.pick([0, index, ENTRY_NUMBER_MAX]),
    entries,
  };
  const answers = {
    type: 'answers',
    term,
    commitIndex: random.pick([0, ENTRY_NUMBER_MAX]),
    committed: [],
    refused: [],
  } as const;
  const readmit = {
    type: 'readmit',
    term,
    incarnation: '0'.repeat(16),
    index: random.below(10),
    identity: 'e'.repeat(32),
  } as const;
  const commit = { type: 'commit', term, commitIndex: random.pick([index, ENTRY_NUMBER_MAX]) } as const;
  return random.pick<LogMessage>([append, append, append, answers, readmit, commit]);
}

test(`a thief who is elected, and whose every append is a lie, neither stops a node nor changes what it has committed (seed ${SEED})`, async () => {
  const random = new Random(SEED, 'lies');
  const { keys } = cluster.member(2);
  const members = cluster.members.map((member) => member.keys.publicKey);
  const victim = cluster.member(0);
  const { secureContext } = makeNodeCertificate(keys.secretKey);
  // The other honest node is stopped, so that no election of its own ends the thief's reign.
  await cluster.node(1).kill();
  const top = await lastEntryOf(1);
  const { currentTerm } = await node.info();
  const thief = new Usurper(keys, members, currentTerm + 1);
  const hello = helloOf(members, null);
  const see = (packet: Buffer): void => thief.see(victim.keys.publicKey, packet);
  const connect = (): Promise<MemberConnection | null> =>
    MemberConnection.open(victim.port, secureContext, hello, see);
  const victimKey = (): string => victim.keys.publicKey;
  impostor = await ImpostorListener.listen(
    cluster.member(2).port,
    secureContext,
    hello,
    victimKey,
    (_, packets) => {
      packets.forEach(see);
      return [];
    },
  );

  let connection = await connect();
  await until(20_000, 'the thief is elected', async () => {
    await connection?.send(encodeRequest(thief.requestForVote(), '1'), 1);
    return thief.isElected ? true : undefined;
  });

  let reigned = 0;
  for (let n = 0; n < LIES; n++) {
    if (connection === null) connection = await connect();
    const truth = encodeLogMessage(lie(random, thief.term, top, n));
    const message = random.perMille(100) ? mutate(truth, random, []) : truth;
    const frames = [encodeRequest(thief.heartbeat(n), '1'), encodeRequest(message, '2')];
    const reaction = await connection?.send(Buffer.concat(frames), frames.length);
    if (reaction?.closed !== false) connection = null;
    if (n % 50 === 0 && (await node.info()).leader === 2) reigned++;
  }
  await connection?.end(Buffer.alloc(0));

  expect(reigned).toBeGreaterThan(0);
  // Some of it was taken: as the leader, a thief may append.
  expect((await node.info()).index).toBeGreaterThan(KEPT);
  await until(20_000, 'the thief is gone', async () =>
    (await node.info()).leader === null ? true : undefined,
  );
  expect(node.hasEnded).toBe(false);
  // What it said of the log holds only for as long as it leads: an honest leader shows that both agree, and all is told again.
  await impostor.close();
  impostor = undefined;
  await cluster.leader([node, cluster.start(1)]);
  await until(20_000, 'the first log is told again', async () =>
    (await node.command('get_log 1')).ok ? true : undefined,
  );
  for (let n = 1; n <= KEPT; n++) expect((await node.getLog(n)).log.value.value).toBe(`before ${n}`);
});
