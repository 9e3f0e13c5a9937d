import { Writable } from 'node:stream';
import { createLogger, nameFromLevel, type LogLevelString } from 'bunyan';
import type Logger from 'bunyan';
import { LOG_BYTES_WAITING_MAX } from '../limits';
import { escapeControls, localTime } from './render';

/** Where records go: stderr, or a terminal that shows them above the line being typed. */
export interface LogOutput {
  readonly stderr: NodeJS.WriteStream;
  /** Set once there is a prompt at the same terminal as stderr. */
  writeAbove: ((text: string) => void) | null;
}

/** What every record says of the node. */
export interface LoggerOptions {
  readonly level: LogLevelString;
  /** The node's INDEX. */
  readonly node: number;
}

/**
 * The node's bunyan logger. Records are JSON lines on stderr, or short lines for people where stderr is a terminal.
 * A reader of stderr that is slow costs records (counted), never memory; one that has gone costs nothing.
 */
export function createNodeLogger({ level, node }: LoggerOptions, output: LogOutput): Logger {
  const stream = output.stderr.isTTY
    ? { level, type: 'raw', stream: personStream(output) }
    : { level, type: 'stream', stream: boundedStream(output.stderr) };
  return createLogger({ name: 'mokka.logger', node, streams: [stream] });
}

/** Writes JSON lines; drops those that a slow reader leaves no room for, and says later how many. */
export function boundedStream(stderr: Writable): Writable {
  let dropped = 0;
  const write = (line: string): void => {
    if (stderr.writableLength + line.length > LOG_BYTES_WAITING_MAX) {
      dropped++;
      return;
    }
    if (dropped > 0)
      stderr.write(`${JSON.stringify({ name: 'mokka.logger', event: 'records_dropped', dropped })}\n`);
    dropped = 0;
    stderr.write(line);
  };
  return new Writable({
    decodeStrings: false,
    write: (line: string, _encoding, done) => {
      write(line);
      done();
    },
  });
}

/** Writes short lines for people, above the line being typed once there is one. */
function personStream(output: LogOutput): Writable {
  return new Writable({
    objectMode: true,
    write: (record: LogRecord, _encoding, done) => {
      const text = formatRecord(record);
      if (output.writeAbove === null) output.stderr.write(`${text}\n`);
      else output.writeAbove(text);
      done();
    },
  });
}

/** The fields of a bunyan record that people are shown. */
export interface LogRecord {
  readonly time: Date;
  readonly level: number;
  readonly msg: string;
}

/** A record as a short line: its time, its level unless that is info, what it says. */
export function formatRecord({ time, level, msg }: LogRecord): string {
  const name = nameFromLevel[level] ?? String(level);
  const clock = localTime(time.getTime()).slice('2000-01-01 '.length);
  return `${clock} ${name === 'info' ? '' : `${name}: `}${escapeControls(msg)}`;
}
