import type * as node from '../../../src/api';
import type * as entry from '../../../src/entry/Entry';
import type * as nodeErrors from '../../../src/errors';
import type * as client from '../../../src/client/contract';
import type * as clientErrors from '../../../src/client/clientErrors';

/** The client imports nothing of a node: what both know is written twice, and the compiler holds the two alike. */
type Same<A, B> = [All<A>, All<B>] extends [All<B>, All<A>] ? true : { readonly differ: [A, B] };

/** Fields that may be missing would else be alike to none. */
type All<A> = [A, keyof A, Required<A>];

const same: {
  readonly codes: Same<clientErrors.RequestErrorCode, nodeErrors.RequestErrorCode>;
  readonly entry: Same<client.LogEntry, entry.LogEntry>;
  readonly history: Same<client.LogHistory, node.LogHistory>;
  readonly page: Same<client.LogPage, node.LogPage>;
  readonly trimmed: Same<client.Trimmed, node.Trimmed>;
  readonly info: Same<client.NodeInfo, node.NodeInfo>;
  readonly peer: Same<client.PeerInfo, node.PeerInfo>;
} = { codes: true, entry: true, history: true, page: true, trimmed: true, info: true, peer: true };

test('what the client knows of a log, a node and its errors is what a node knows', () => {
  expect(Object.values(same)).not.toContain(false);
});
