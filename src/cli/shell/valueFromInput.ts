import { isUtf8 } from 'node:buffer';
import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { RequestError } from '../../errors';
import { VALUE_BYTES_MAX } from '../../limits';

/**
 * A value from a stream, to its end, as it is. No more is read than a value may have.
 *
 * @throws RequestError TOO_LARGE, BAD_ARGUMENT for what is no stream or not UTF-8, or when `signal` is aborted first.
 */
export async function valueFromInput(
  input: Readable & { readonly fd?: number },
  signal: AbortSignal,
): Promise<string> {
  if (input.fd !== undefined && !isStream(input.fd))
    throw new RequestError(
      'BAD_ARGUMENT',
      'stdin, where the value is to come from, is a directory or a device: give it a file or a pipe',
    );
  const chunks: Buffer[] = [];
  let length = 0;
  const stop = (): void => void input.destroy();
  signal.addEventListener('abort', stop);
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > VALUE_BYTES_MAX)
        throw new RequestError(
          'TOO_LARGE',
          `the value from stdin has more than ${VALUE_BYTES_MAX} bytes; nothing of it was stored`,
        );
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (signal.aborted)
    throw new RequestError('BAD_ARGUMENT', 'you ended it before the value was read; nothing was stored');
  const bytes = Buffer.concat(chunks);
  if (isUtf8(bytes)) return bytes.toString();
  throw new RequestError(
    'BAD_ARGUMENT',
    'the value from stdin is not UTF-8: send text in UTF-8, binary data as hex or base64',
  );
}

/** Node.js takes a stdin that it cannot read as a stream, such as a directory, for an empty one. */
function isStream(fd: number): boolean {
  const stats = fstatSync(fd);
  return stats.isFile() || stats.isFIFO() || stats.isSocket() || stats.isCharacterDevice();
}
