import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import { RequestError, toError } from '../../errors';
import { HTTP_BODY_BYTES_MAX, HTTP_BYTES_OWN } from '../../httpLimits';
import type { BytesUnderWay, Release } from '../answers/BytesUnderWay';
import type { Exchange } from '../answers/Exchange';
import { JSON_TYPE } from '../answers/mediaTypes';
import { StatusError } from '../answers/problemAnswer';

/** What a media type says without its parameters; '' where there is none. */
export function mediaType(header: string | undefined): string {
  return header?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** @throws StatusError 415 where the body is no JSON by its media type. `what` it says, `also` in which other form. */
export function requireJson({ incoming }: Exchange, what: string, also = ''): void {
  if (mediaType(incoming.headers['content-type']) !== JSON_TYPE)
    throw new StatusError(
      415,
      'BAD_ARGUMENT',
      `${what} comes as Content-Type: ${JSON_TYPE} (curl: --json)${also}`,
    );
}

/**
 * The body of a request, whole. It holds its room until the exchange ends, since what was read of it lives as long.
 *
 * @throws RequestError TOO_LARGE, BUSY, or BAD_ARGUMENT for what is not UTF-8.
 */
export async function readBody(exchange: Exchange, bytes: BytesUnderWay): Promise<string> {
  const { incoming } = exchange;
  const header = incoming.headers['content-length'];
  const declared = header === undefined ? null : Number(header);
  if (declared !== null && declared > HTTP_BODY_BYTES_MAX) throw tooLarge();
  if (declared !== null && declared > HTTP_BYTES_OWN) exchange.holdUntilClosed(await bytes.take(declared));
  const chunks: Buffer[] = [];
  let length = 0;
  let asked = declared !== null;
  await new Promise<void>((resolve, reject) => {
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > HTTP_BODY_BYTES_MAX) {
        incoming.removeAllListeners('data').resume();
        reject(tooLarge());
        return;
      }
      chunks.push(chunk);
      if (asked || length <= HTTP_BYTES_OWN) return;
      // Its length was not told: it may become as long as any.
      asked = true;
      incoming.pause();
      const goOn = (release: Release): void => {
        exchange.holdUntilClosed(release);
        incoming.resume();
      };
      bytes.take(HTTP_BODY_BYTES_MAX).then(goOn, (thrown: unknown) => reject(toError(thrown)));
    });
    incoming.once('end', resolve);
    // An error is that the client has gone, or that what it sends is no HTTP.
    for (const event of ['close', 'error'])
      incoming.once(event, () => reject(new RequestError('BAD_ARGUMENT', 'the body was cut short')));
  });
  return decode(Buffer.concat(chunks, length));
}

/** JSON that a schema allows, as its type. @throws RequestError BAD_ARGUMENT */
export function parseBody<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (thrown) {
    throw new RequestError('BAD_ARGUMENT', `this is not JSON: ${toError(thrown).message}`);
  }
  return checked(content, schema);
}

/** What a schema allows, as its type. @throws RequestError BAD_ARGUMENT, which names what is wrong */
export function checked<Schema extends z.ZodType>(content: unknown, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => [path.join('.'), message].join(' ').trim());
  throw new RequestError('BAD_ARGUMENT', faults.join('; '));
}

/** Decoding puts U+FFFD for what is not UTF-8; only a body that has one is looked at twice. */
function decode(body: Buffer): string {
  const text = body.toString('utf8');
  if (text.includes('\uFFFD') && !isUtf8(body))
    throw new RequestError('BAD_ARGUMENT', 'the body is not UTF-8: binary data goes as hex or base64');
  return text;
}

function tooLarge(): RequestError {
  return new RequestError(
    'TOO_LARGE',
    `the body is longer than ${HTTP_BODY_BYTES_MAX} bytes; nothing was stored`,
  );
}
