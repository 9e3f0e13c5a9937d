/** Bytes that are not a well-formed entry or payload. */
export class MalformedEntryError extends Error {
  override readonly name = 'MalformedEntryError';
  readonly code = 'MALFORMED_ENTRY';
}
