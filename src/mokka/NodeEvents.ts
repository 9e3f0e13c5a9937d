import type { NodeModel } from 'mokka/dist/consensus/models/NodeModel';

/** A node's events, each with what its listeners are told. */
export interface NodeEvents {
  /** The node's state or term, or the leader that it knows, is another. */
  state: [];
  /** The index of the last log that this node knows to be committed; told at each rise, not for each log. */
  commit: [index: number];
  /** Something failed that the node goes on without. */
  error: [error: Error];
  /** The node has stopped for good; with no listener the process ends with the error. */
  fatal: [error: Error];
  /** A peer is linked, or no more. */
  link: [publicKey: string, connected: boolean];
  /** A packet, and the member whose link it came on. */
  data: [packet: Buffer, publicKey: string];
  /** This node has learned which cluster it is of. */
  identity: [];
  /** Mokka's: a peer was added to the members. */
  join: [peer: NodeModel];
  /** Mokka's: a peer was taken from the members. */
  leave: [peer: NodeModel];
}

/**
 * Tells listeners. What one throws is an error of the program that listens, not of this node: it is left uncaught,
 * and the work under way goes on.
 */
export function leaveUncaught(tell: () => void): void {
  try {
    tell();
  } catch (thrown) {
    process.nextTick(() => {
      throw thrown;
    });
  }
}
