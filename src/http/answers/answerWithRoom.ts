import type { Exchange } from './Exchange';
import type { BytesUnderWay } from './BytesUnderWay';
import type { Answer } from './problemAnswer';

/**
 * Sends what `make` makes, once there is room for it. Where it has to wait, it is forgotten meanwhile and made again: it
 * may be megabytes, and many may wait.
 *
 * @throws RequestError BUSY
 */
export async function answerWithRoom(
  exchange: Exchange,
  bytes: BytesUnderWay,
  make: () => Promise<Answer>,
): Promise<void> {
  const seen = await bytes.glance();
  let answer: Answer | null;
  try {
    answer = await make();
  } finally {
    seen();
  }
  const length = Buffer.byteLength(answer.body);
  let release = bytes.tryTake(length);
  if (release === null) {
    answer = null;
    release = await bytes.take(length);
  }
  exchange.holdUntilClosed(release);
  if (!exchange.gone) exchange.answer(answer ?? (await make()));
}
