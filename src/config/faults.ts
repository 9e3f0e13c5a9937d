import { z } from 'zod';
import { StartError } from '../errors';
import { escapeControls } from '../escapeControls';
import { CONFIG_FAULTS_SHOWN_MAX } from '../limits';

const QUOTED_LENGTH_MAX = 64;

/** What is wrong with one field. `message` goes on from its path: "must be …", "is not …". */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** zod's issues as faults; a field at the root has the path ''. */
export function toFaults(error: z.ZodError): Fault[] {
  return error.issues.flatMap(({ path, message, ...issue }) => {
    if (issue.code !== 'unrecognized_keys') return [{ path: z.core.toDotPath(path), message }];
    return issue.keys.map((key) => ({ path: z.core.toDotPath([...path, cut(key)]), message }));
  });
}

/** One BAD_CONFIG, in one line, for all faults of `source` (a file or the environment). */
export function badConfig(source: string, faults: readonly Fault[]): StartError {
  const shown = faults
    .slice(0, CONFIG_FAULTS_SHOWN_MAX)
    .map(({ path, message }) => `${path} ${message}`.trim());
  if (faults.length > shown.length) shown.push(`and ${faults.length - shown.length} more`);
  return new StartError('BAD_CONFIG', escapeControls(`${source}: ${shown.join('; ')}`));
}

/** A strict object: its unknown fields are faults that name the allowed ones. */
export function strictFields<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const allowed = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `is no known field: allowed are ${allowed}`
        : `must be an object with ${allowed}`,
  });
}

/** A value as a message may show it: quoted and cut when long. Never for what may be a secret. */
export function quote(text: string): string {
  return JSON.stringify(cut(text));
}

function cut(text: string): string {
  return text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}…` : text;
}
