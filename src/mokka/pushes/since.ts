import { RequestError } from '../../errors';
import { IDENTITY_BYTES } from '../../entry/Entry';
import { isEntryNumber } from '../messages/pushes';

/** A place in the log of one cluster, up to which all is committed. */
export interface Since {
  /** Of the cluster: 32 hex digits. */
  readonly identity: string;
  readonly index: number;
}

const SINCE = new RegExp(`^([0-9a-f]{${2 * IDENTITY_BYTES}})-(0|[1-9][0-9]{0,15})$`);

/** As callers keep it and bring it back. */
export function formatSince({ identity, index }: Since): string {
  return `${identity}-${index}`;
}

/** @throws RequestError BAD_ARGUMENT */
export function parseSince(text: string): Since {
  const [, identity, digits] = SINCE.exec(text) ?? [];
  const index = Number(digits);
  if (identity === undefined || !isEntryNumber(index))
    throw new RequestError('BAD_ARGUMENT', 'since is a text that a node gave, as it gave it');
  return { identity, index };
}
