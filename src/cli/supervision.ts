import { z } from 'zod';
import type { Prompt } from './Prompt';

/**
 * What `npm start` and its nodes tell each other over IPC. A node that was started alone has no supervisor, and all
 * of this does nothing.
 */

/** From a node: it leads, so the cluster has formed; or its prompt's input ended and all is answered. */
const nodeMessage = z.object({ event: z.enum(['leads', 'input-ended']) });

/** To a node: a line for the person at its prompt. */
const supervisorMessage = z.object({ notice: z.string() });

export type NodeMessage = z.infer<typeof nodeMessage>;
export type SupervisorMessage = z.infer<typeof supervisorMessage>;

/** A message from a node, or null when it is something else. */
export function parseNodeMessage(message: unknown): NodeMessage | null {
  return nodeMessage.safeParse(message).data ?? null;
}

/** Tells the supervisor of this node, if it has one. */
export function tellSupervisor(message: NodeMessage): void {
  // The callback takes the error of a supervisor that is just gone; 'disconnect' says so too.
  process.send?.(message, undefined, undefined, () => undefined);
}

/** Shows the supervisor's notices at this node's prompt. */
export function showNotices(prompt: Prompt): void {
  process.on('message', (message) => {
    const { data } = supervisorMessage.safeParse(message);
    if (data !== undefined) prompt.notify(data.notice);
  });
}
