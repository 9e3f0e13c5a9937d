import { z } from 'zod';
import type { Retain } from '../api';
import type { StartError } from '../errors';
import {
  ELECTION_TIMEOUT_HEARTBEATS_MIN,
  ELECTION_TIMEOUT_MS_MAX,
  HEARTBEAT_MS_MAX,
  HEARTBEAT_MS_MIN,
  MEMBERS_MAX,
} from '../limits';
import { httpFileSchema, httpPortSchema, type HttpFileSettings } from './httpConfig';
import { isDemoKey } from './demoCluster';
import { type Fault, badConfig, strictFields, toFaults } from './faults';
import { isPublicKey, PUBLIC_KEY_HEX_LENGTH, shareAKey } from './keyPair';
import { buildMember, isLoopback, type Member, parseAddress } from './Member';
import {
  leavesRoomToTrim,
  RETAIN_BELOW_MAX,
  retainOf,
  retainSchema,
  storeBytesMaxSchema,
} from './retainSettings';
import { parseJson, readTextFile } from './textFile';

/** The cluster's timing, ms: the same on every node. */
export interface ClusterSettings {
  /** Between two heartbeats of a leader. */
  readonly heartbeat: number;
  /** Silence of the leader after which a follower asks for an election. */
  readonly electionTimeout: number;
}

/** What a cluster.json says. */
export interface ClusterFile {
  readonly members: readonly Member[];
  readonly settings: ClusterSettings;
  /** null where it has no `settings.http`. */
  readonly http: HttpFileSettings | null;
  /** null where it has no `settings.retain`: every log is kept. */
  readonly retain: Retain | null;
  /** As it stands there; null where it has no `settings.archive`: what is not retained is removed. */
  readonly archive: string | null;
  /** What each node's store may have on its disk for logs, bytes; null: all that is there. */
  readonly storeBytesMax: number | null;
  /** The members' own ports for HTTP, by their numbers; null where it is the cluster's. */
  readonly httpPorts: readonly (number | null)[];
}

/** The timing of a cluster that does not name its own. */
export const DEFAULT_SETTINGS: ClusterSettings = { heartbeat: 50, electionTimeout: 200 };

/** What an address may be, in words that follow "must be". */
export const ADDRESS_ALLOWED =
  'tcp://HOST:PORT, HOST a name, an IPv4 address or an IPv6 address in brackets (not 0.0.0.0 or ::), PORT 1 to 65535';

const PUBLIC_KEY_ALLOWED = `must be a publicKey of ${PUBLIC_KEY_HEX_LENGTH} hex digits as npx mokka-cluster gen-keys prints it`;

const addressSchema = z.string(`must be ${ADDRESS_ALLOWED}`).transform((text, context) => {
  const parsed = parseAddress(text);
  if (parsed !== null) return parsed;
  context.addIssue(`must be ${ADDRESS_ALLOWED}`);
  return z.NEVER;
});

const publicKeySchema = z.string(PUBLIC_KEY_ALLOWED).toLowerCase().refine(isPublicKey, PUBLIC_KEY_ALLOWED);

const memberSchema = strictFields({
  address: addressSchema,
  publicKey: publicKeySchema,
  httpPort: httpPortSchema.optional(),
});

const membersSchema = z
  .array(memberSchema, 'must be a list of members, each with address and publicKey')
  .min(1, 'must have at least one member')
  .max(MEMBERS_MAX, `must have at most ${MEMBERS_MAX} members: above, Mokka's key combinations take seconds`);

const heartbeatSchema = wholeMilliseconds(HEARTBEAT_MS_MIN, HEARTBEAT_MS_MAX);
const electionTimeoutSchema = wholeMilliseconds(
  HEARTBEAT_MS_MIN * ELECTION_TIMEOUT_HEARTBEATS_MIN,
  ELECTION_TIMEOUT_MS_MAX,
);

const ARCHIVE_ALLOWED = 'must be the name of a directory';

const settingsSchema = strictFields({
  heartbeat: heartbeatSchema.default(DEFAULT_SETTINGS.heartbeat),
  electionTimeout: electionTimeoutSchema.default(DEFAULT_SETTINGS.electionTimeout),
  http: httpFileSchema.optional(),
  retain: retainSchema.optional(),
  archive: z.string(ARCHIVE_ALLOWED).min(1, ARCHIVE_ALLOWED).optional(),
  storeBytesMax: storeBytesMaxSchema.optional(),
})
  .refine(leavesRoomToTrim, RETAIN_BELOW_MAX)
  .refine((settings) => settings.electionTimeout >= settings.heartbeat * ELECTION_TIMEOUT_HEARTBEATS_MIN, {
    path: ['electionTimeout'],
    error:
      `must be at least ${ELECTION_TIMEOUT_HEARTBEATS_MIN} heartbeats ` +
      `(defaults: heartbeat ${DEFAULT_SETTINGS.heartbeat}, electionTimeout ${DEFAULT_SETTINGS.electionTimeout})`,
  });

const clusterFileSchema = strictFields({
  members: membersSchema,
  settings: settingsSchema.default(DEFAULT_SETTINGS),
});

/** The members of a file that may be faulty, null for each field that cannot be read. */
const readableMembersSchema = z
  .object({
    members: z.array(
      z
        .object({
          address: addressSchema.nullable().catch(null),
          publicKey: publicKeySchema.nullable().catch(null),
        })
        .catch({ address: null, publicKey: null }),
    ),
  })
  .catch({ members: [] });

type ReadableMembers = z.infer<typeof readableMembersSchema>['members'];

/**
 * Reads and validates a cluster.json.
 *
 * @throws StartError BAD_CONFIG with all faults, each with its field's path.
 */
export function readClusterFile(path: string): ClusterFile {
  const source = `cluster file ${JSON.stringify(path)}`;
  const refuse = (reason: string): StartError => badConfig(source, [{ path: '', message: reason }]);
  const content = parseJson(readTextFile(path, refuse), refuse);
  const parsed = clusterFileSchema.safeParse(content);
  const { members } = readableMembersSchema.parse(content);
  const faults = [
    ...(parsed.success ? [] : toFaults(parsed.error)),
    ...duplicateFaults(members),
    ...demoKeyFaults(members),
  ];
  if (!parsed.success || faults.length > 0) throw badConfig(source, faults);
  const {
    http = null,
    retain = null,
    archive = null,
    storeBytesMax = null,
    ...settings
  } = parsed.data.settings;
  return {
    members: parsed.data.members.map(({ address, publicKey }) =>
      buildMember(address.host, address.port, publicKey),
    ),
    settings,
    http,
    retain: retain === null ? null : retainOf(retain),
    archive,
    storeBytesMax,
    httpPorts: parsed.data.members.map(({ httpPort = null }) => httpPort),
  };
}

function wholeMilliseconds(min: number, max: number): z.ZodType<number> {
  const allowed = `must be a whole number of ms from ${min} to ${max}`;
  return z.number(allowed).refine((ms) => Number.isInteger(ms) && ms >= min && ms <= max, allowed);
}

/** Two nodes on one address cannot both listen; two nodes with one key are one voter that votes twice. */
function duplicateFaults(members: ReadableMembers): Fault[] {
  return members.flatMap(({ address, publicKey }, at) => {
    const before = members.slice(0, at);
    const sameAddress = before.findIndex(
      (other) => address?.host === other.address?.host && address?.port === other.address?.port,
    );
    const sameKey = before.findIndex(
      (other) => publicKey !== null && other.publicKey !== null && shareAKey(publicKey, other.publicKey),
    );
    const faults: Fault[] = [];
    if (address !== null && sameAddress >= 0)
      faults.push({ path: `members[${at}].address`, message: differ('address', sameAddress) });
    if (sameKey >= 0)
      faults.push({ path: `members[${at}].publicKey`, message: differ('publicKey', sameKey) });
    return faults;
  });
}

function differ(field: string, other: number): string {
  return `must differ from members[${other}].${field}`;
}

/** Whoever knows a demo key's public secret is that member: no address of the cluster may be open to others. */
function demoKeyFaults(members: ReadableMembers): Fault[] {
  const demo = members.findIndex(({ publicKey }) => publicKey !== null && isDemoKey(publicKey));
  if (demo < 0) return [];
  return members.flatMap(({ address }, at) => {
    if (address === null || isLoopback(address.host)) return [];
    const message =
      `must be 127.0.0.1, ::1 or localhost while members[${demo}].publicKey is a demo key, ` +
      'whose secret is public: make keys with npx mokka-cluster gen-keys';
    return [{ path: `members[${at}].address`, message }];
  });
}
