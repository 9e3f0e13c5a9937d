import { answerJson } from '../../../../src/cli/lines/answerJson';
import { ConditionFailedError, RequestError, TrimmedError } from '../../../../src/errors';

/** The line that answers a command with an error, read. */
function answered(name: string, error: RequestError): unknown {
  const pieces = answerJson({ name, command: null, error });
  return JSON.parse(typeof pieces === 'string' ? pieces : Array.from(pieces).join(''));
}

test.each([0, 41])('a condition that failed has the last index, here %d', (lastIndex) => {
  const error = new ConditionFailedError(lastIndex, 'the log ends elsewhere');
  expect(answered('add_log_if', error)).toEqual({
    command: 'add_log_if',
    ok: false,
    error: { code: 'CONDITION_FAILED', message: 'the log ends elsewhere', lastIndex },
  });
});

test('what is trimmed is told with the floor', () => {
  expect(answered('get_log', new TrimmedError(41))).toMatchObject({ error: { code: 'TRIMMED', floor: 41 } });
});

test('another error has its code and message alone', () => {
  const error = new RequestError('NOT_FOUND', 'there is no log 2 yet');
  expect(answered('get_log', error)).toEqual({
    command: 'get_log',
    ok: false,
    error: { code: 'NOT_FOUND', message: 'there is no log 2 yet' },
  });
});
