import { z } from 'zod';
import { badConfig, quote, toFaults } from './faults';
import { PORT_MAX } from './Member';

/** bunyan's names, from all records to the fewest. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a node's environment says, with the defaults of what it does not. */
export interface Environment {
  readonly index: number;
  /** undefined where it is not set. */
  readonly startPort: number | undefined;
  readonly dataDirectory: string;
  readonly logLevel: LogLevel | undefined;
  readonly clusterFile: string | undefined;
  readonly keyFile: string | undefined;
  /** undefined where it is not set. */
  readonly httpPort: number | 'off' | undefined;
}

/** A whole number as people write it: no sign, no spaces, no leading zeros, no other base. */
const WHOLE_NUMBER = /^(0|[1-9]\d*)$/;

const PORT_OR_OFF = /^([1-9]\d{0,4}|off)$/;

const INDEX_ALLOWED = "must be this node's number, 0 for the first member: INDEX=0, or npm run node:0";

const environmentSchema = z
  .object({
    INDEX: z.string(`is not set: it ${INDEX_ALLOWED}`).regex(WHOLE_NUMBER, {
      error: (issue) => `${INDEX_ALLOWED} (it is ${quote(String(issue.input))})`,
    }),
    START_PORT: z
      .string()
      .regex(WHOLE_NUMBER, {
        error: (issue) => `must be the port of node 0, a whole number (it is ${quote(String(issue.input))})`,
      })
      .optional(),
    DATA_DIR: directoryOrFile('directory').default('data'),
    LOG_LEVEL: z
      .enum(LOG_LEVELS, {
        error: (issue) => `must be one of ${LOG_LEVELS.join(', ')} (it is ${quote(String(issue.input))})`,
      })
      .optional(),
    CLUSTER_CONFIG: directoryOrFile('cluster.json').optional(),
    NODE_KEY_FILE: directoryOrFile('key file').optional(),
    HTTP_PORT: z
      .string()
      .regex(PORT_OR_OFF, {
        error: (issue) =>
          `must be a port from 1 to ${PORT_MAX}, or off (it is ${quote(String(issue.input))})`,
      })
      .optional(),
  })
  .check(({ value, issues }) => {
    // Ignored in silence, either would let a node run on another port or key than its user believes.
    if (value.CLUSTER_CONFIG === undefined && value.NODE_KEY_FILE !== undefined)
      issues.push(conflict('NODE_KEY_FILE', 'needs CLUSTER_CONFIG: without it the demo keys are used'));
    if (value.CLUSTER_CONFIG !== undefined && value.START_PORT !== undefined)
      issues.push(conflict('START_PORT', 'must be unset: the ports stand in the file of CLUSTER_CONFIG'));
    if (Number(value.HTTP_PORT) > PORT_MAX)
      issues.push(conflict('HTTP_PORT', `must be a port from 1 to ${PORT_MAX}, or off`));
  });

/**
 * Reads a node's environment. What is set but empty is a fault, not a default.
 *
 * @throws StartError BAD_CONFIG with all faults.
 */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const parsed = environmentSchema.safeParse(env);
  if (!parsed.success) throw badConfig('environment', toFaults(parsed.error));
  const { data } = parsed;
  return {
    index: Number(data.INDEX),
    startPort: data.START_PORT === undefined ? undefined : Number(data.START_PORT),
    dataDirectory: data.DATA_DIR,
    logLevel: data.LOG_LEVEL,
    clusterFile: data.CLUSTER_CONFIG,
    keyFile: data.NODE_KEY_FILE,
    httpPort:
      data.HTTP_PORT === undefined || data.HTTP_PORT === 'off' ? data.HTTP_PORT : Number(data.HTTP_PORT),
  };
}

function directoryOrFile(what: string): z.ZodString {
  return z.string().min(1, `is set but empty: name a ${what}, or unset it`);
}

function conflict(name: string, message: string): z.core.$ZodRawIssue {
  return { code: 'custom', path: [name], message, input: undefined };
}
