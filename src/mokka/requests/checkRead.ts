import { RequestError } from '../../errors';
import { LIST_ENTRIES_MAX } from '../../limits';
import { badArgument, isObject } from '../pushes/checkPush';

/** @throws RequestError BAD_ARGUMENT */
export function checkObject(options: unknown): void {
  if (!isObject(options)) throw badArgument('options are an object', options);
}

/** @throws RequestError BAD_ARGUMENT */
export function checkIndex(name: 'from' | 'before', index: unknown): void {
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 1)
    throw badArgument(`${name} is an index, 1 or more`, index);
}

/** @throws RequestError BAD_ARGUMENT */
export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > LIST_ENTRIES_MAX)
    throw new RequestError('BAD_ARGUMENT', `limit is 1 to ${LIST_ENTRIES_MAX}, not ${String(limit)}`);
}
