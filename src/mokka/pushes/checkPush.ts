import { RequestError } from '../../errors';
import { isEntryNumber } from '../messages/pushes';

/**
 * Checks the types of what a program in plain JavaScript, or with a cast, gave to `push`. The rules of their contents
 * are payloadBytes'.
 *
 * @throws RequestError BAD_ARGUMENT
 */
export function checkPush(key: unknown, value: unknown, options: unknown): void {
  if (typeof key !== 'string') throw badArgument('a key is a string', key);
  if (!isObject(value) || typeof value['value'] !== 'string')
    throw badArgument('push takes its value as { value: string, nonce?: number }', value);
  if (value['nonce'] !== undefined && typeof value['nonce'] !== 'number')
    throw badArgument('a nonce is a whole number from 0 to 2^53 - 1', value['nonce']);
  if (!isObject(options))
    throw badArgument(
      'the options of push are { session?, deadline?, since?, ifLast?, ifKeyLast? }',
      options,
    );
  checkCondition(options);
  const { session, deadline, since } = options;
  if (session !== undefined && typeof session !== 'string')
    throw badArgument('a session is a string of 16 hex digits (0-9, a-f)', session);
  if (deadline !== undefined && (typeof deadline !== 'number' || !Number.isFinite(deadline) || deadline < 0))
    throw badArgument('a deadline is a number of ms from 0', deadline);
  if (since !== undefined && typeof since !== 'string')
    throw badArgument('since is a text that logApi.since gave', since);
  if (since !== undefined && session === undefined)
    throw badArgument('since goes with the session that it is of', session);
}

function checkCondition(options: Record<string, unknown>): void {
  for (const name of ['ifLast', 'ifKeyLast'])
    if (options[name] !== undefined && !isEntryNumber(options[name]))
      throw badArgument(`${name} is the index of a log, 0 for none`, options[name]);
  if (options['ifLast'] !== undefined && options['ifKeyLast'] !== undefined)
    throw new RequestError('BAD_ARGUMENT', 'a push has ifLast or ifKeyLast, not both');
}

/** Whether it has properties. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Names what was given by its type alone: it may be large, or not to be shown. */
export function badArgument(rule: string, given: unknown): RequestError {
  const type = given === null ? 'null' : typeof given === 'object' ? 'an object' : typeof given;
  const what = typeof given === 'number' ? String(given) : type;
  return new RequestError('BAD_ARGUMENT', `${rule}, not ${what}`);
}
