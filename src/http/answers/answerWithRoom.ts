import { HTTP_BYTES_OWN } from '../../httpLimits';
import type { Exchange } from './Exchange';
import type { BytesUnderWay } from './BytesUnderWay';
import type { Answer } from './problemAnswer';

/**
 * Sends what `read` finds, once there is room for it. Where it has to wait, it is forgotten meanwhile and read again: it
 * may be a megabyte, and many may wait. What is sent is made when there is room.
 *
 * @throws RequestError BUSY
 */
export async function answerWithRoom(
  exchange: Exchange,
  bytes: BytesUnderWay,
  read: () => Promise<Answer>,
): Promise<void> {
  let answer: Answer | null = await read();
  const { length } = answer.body;
  if (length > HTTP_BYTES_OWN) {
    let release = bytes.tryTake(length);
    if (release === null) {
      answer = null;
      release = await bytes.take(length);
    }
    exchange.holdUntilClosed(release);
    if (exchange.gone) return;
  }
  exchange.answer(answer ?? (await read()));
}
