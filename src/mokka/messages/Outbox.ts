import type { LogMessage } from './LogMessage';

/** What takes messages to other members. */
export interface Outbox {
  /** Sends a message to a peer, or loses it. Returns at once and does not throw. */
  send(peer: string, message: LogMessage): void;
}
