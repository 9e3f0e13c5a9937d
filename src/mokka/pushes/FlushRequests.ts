/** Where a part of the node asks for a flush. */
export interface FlushRequests {
  /** Asks for a flush soon: one for all who ask in a turn of the event loop. */
  want(): void;
}
