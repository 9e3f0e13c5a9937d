import { PassThrough } from 'node:stream';
import { VALUE_BYTES_MAX } from '../../../../src/limits';
import { valueFromInput } from '../../../../src/cli/shell/valueFromInput';

async function read(...chunks: (string | Buffer)[]): Promise<string> {
  const input = new PassThrough({ highWaterMark: 2 * VALUE_BYTES_MAX });
  for (const chunk of chunks) input.write(chunk);
  input.end();
  return valueFromInput(input, new AbortController().signal);
}

test('all of it is the value, its line ends too', async () => {
  const umlaut = Buffer.from('ü');
  expect(await read('two\r\nlines', umlaut.subarray(0, 1), umlaut.subarray(1), '\n')).toBe('two\r\nlinesü\n');
  expect(await read()).toBe('');
});

test('it may be as large as a value, and not larger', async () => {
  expect(await read(Buffer.alloc(VALUE_BYTES_MAX, 'v'))).toHaveLength(VALUE_BYTES_MAX);
  await expect(read(Buffer.alloc(VALUE_BYTES_MAX, 'v'), 'v')).rejects.toMatchObject({ code: 'TOO_LARGE' });
});

test('it must be UTF-8', async () => {
  await expect(read(Buffer.from([0x61, 0xff]))).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
});

test('its user can end it', async () => {
  const end = new AbortController();
  const value = valueFromInput(new PassThrough(), end.signal);
  end.abort();
  await expect(value).rejects.toMatchObject({
    code: 'BAD_ARGUMENT',
    message: expect.stringContaining('nothing was stored') as string,
  });
});
