import { Writable } from 'node:stream';
import { createLogger, nameFromLevel, type LogLevelString } from 'bunyan';
import type Logger from 'bunyan';
import { escapeControls } from '../../escapeControls';
import { LOG_BYTES_WAITING_MAX } from '../../limits';
import { localTime, wrap } from '../render/render';
import type { Stderr } from './Stderr';

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
export function createNodeLogger({ level, node }: LoggerOptions, stderr: Stderr): Logger {
  const stream = stderr.stream.isTTY
    ? { level, type: 'raw', stream: personStream(stderr) }
    : { level, type: 'stream', stream: boundedStream(stderr.stream) };
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
function personStream(stderr: Stderr): Writable {
  return new Writable({
    objectMode: true,
    write: (record: LogRecord, _encoding, done) => {
      stderr.writeLine(wrap(formatRecord(record), stderr.stream.columns));
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
