import { HttpConnection } from './HttpConnection';
import { SILENCE_MS_MAX } from './load';
import { Window, type LoadLength, type WindowResult } from './Window';

/** One request after another on each of some connections. */
export interface HttpRequests {
  readonly port: number;
  readonly connections: number;
  readonly length: LoadLength;
  /** The bytes of the request with this number. */
  readonly request: (number: number) => Buffer;
  /** What each must be answered with. */
  readonly status: number;
}

/** A closed loop of requests. @throws Error when one is answered with another status, or none is for long. */
export function httpLoad({
  port,
  connections,
  length,
  request,
  status: expected,
}: HttpRequests): Promise<WindowResult> {
  const window = new Window(length, performance.now());
  const all: HttpConnection[] = [];
  let sent = 0;
  let idle = 0;
  let lastAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const done = new Promise<WindowResult>((resolve, reject) => {
    timer = setInterval(() => {
      if (performance.now() - lastAt > SILENCE_MS_MAX) reject(new Error('a node answers no request'));
    }, 1000);
    const next = (connection: HttpConnection): number => {
      const now = performance.now();
      if (window.take(1, now) > 0) connection.send(request(sent++));
      else if (++idle === connections) resolve(window.result());
      return now;
    };
    for (let count = 0; count < connections; count++) {
      let sentAt = 0;
      const connection: HttpConnection = new HttpConnection(
        port,
        (status) => {
          lastAt = performance.now();
          if (status !== expected) reject(new Error(`a request was answered ${status}, not ${expected}`));
          window.answered(lastAt, sentAt);
          sentAt = next(connection);
        },
        reject,
      );
      all.push(connection);
      sentAt = next(connection);
    }
  });
  return done.finally(() => {
    clearInterval(timer);
    for (const connection of all) connection.close();
  });
}
