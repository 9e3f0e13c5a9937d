import type { NodeApi } from 'mokka/dist/consensus/api/NodeApi';
import { StartError } from '../errors';

/**
 * The public keys of the members' addresses (`tcp://host:port/publicKey`), in their order.
 *
 * @throws StartError BAD_CONFIG when `self` is none of them, or a key stands twice.
 */
export function memberKeys(members: readonly string[], self: string): string[] {
  if (!members.includes(self))
    throw new StartError('BAD_CONFIG', `members must list all members and this node, ${self}, among them`);
  const keys = members.map((address) => address.slice(address.lastIndexOf('/') + 1));
  const twice = keys.find((key, at) => keys.indexOf(key) < at);
  if (twice !== undefined)
    throw new StartError('BAD_CONFIG', `members must list each member once: ${twice} stands twice`);
  return keys;
}

/**
 * Has `join` refuse what is none of the members' addresses, before Mokka, which would keep it: a peer that the settings do
 * not list has no number.
 */
export function refuseUnlisted(nodeApi: Pick<NodeApi, 'join'>, members: readonly string[]): void {
  const join = nodeApi.join.bind(nodeApi);
  nodeApi.join = (address) => {
    if (members.includes(address)) return join(address);
    throw new StartError(
      'BAD_CONFIG',
      `${address} cannot join: it is none of the members in this node's settings`,
    );
  };
}
