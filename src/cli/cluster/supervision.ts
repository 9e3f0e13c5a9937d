import { z } from 'zod';

/**
 * What `npm start` and its nodes tell each other over IPC. A node that was started alone has no supervisor, and all
 * of this does nothing.
 */

/** From a node: it leads, so the cluster has formed; or its prompt's input ended and all is answered. */
const nodeMessage = z.object({ event: z.enum(['leads', 'input-ended']) });

export type NodeMessage = z.infer<typeof nodeMessage>;

/** A message from a node, or null when it is something else. */
export function parseNodeMessage(message: unknown): NodeMessage | null {
  return nodeMessage.safeParse(message).data ?? null;
}

/** Tells the supervisor of this node, if it has one. */
export function tellSupervisor(message: NodeMessage): void {
  // The callback takes the error of a supervisor that is just gone; 'disconnect' says so too.
  process.send?.(message, undefined, undefined, () => undefined);
}
