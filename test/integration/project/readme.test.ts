import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { record, type Transcripts } from '../../../scripts/transcripts/record';
import { transcriptsOf } from '../../../scripts/transcripts/blocks';
import { hasTerminals } from '../../../scripts/transcripts/Terminal';
import { freeStartPort } from '../cluster/Cluster';
import { REPOSITORY } from '../cluster/NodeProcess';
import { withoutNotices } from '../cluster/notices';

/** What the README shows is what its commands print today, but for what differs from run to run. */

const README = readFileSync(join(REPOSITORY, 'README.md'), 'utf8');

/** What differs from run to run, and what stands for it. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{16,}\b/g, 'HEX'],
  [/(?<!^status )\b\d+(?:\.\d+)?/g, '#'],
  [/\b(?:leader|follower|candidate)\b/g, 'ROLE'],
  [/lag unknown|up to date|# behind/g, 'LAG'],
  [/, holds #/g, ''],
  [/[+-]#/g, '#'],
  [/ {2,}/g, ' '],
];

/** Lines that tell of changes in the cluster, whenever these happen, also between a command and its answer. */
const NOTES = [/^node # leads, term #$/, /^node # was killed by /];

/** In some elections there is a moment without one, that is looked at. */
const SOMETIMES = 'no leader';

/** Three nodes that start may take longer than an add waits, and then it is answered that. */
const LATE = /^\{"command":"add_log","ok":false,"error":\{"code":"(?:NO_LEADER|UNKNOWN_OUTCOME)"/;

interface Shape {
  readonly lines: readonly string[];
  readonly notes: readonly string[];
}

function shapeOf(transcript: string): Shape {
  const lines = withoutNotices(transcript)
    .split('\n')
    .filter((line) => line !== SOMETIMES)
    .map((line) => VARYING.reduce((masked, [varying, name]) => masked.replace(varying, name), line));
  const isNote = (line: string): boolean => NOTES.some((note) => note.test(line));
  return { lines: lines.filter((line) => !isNote(line)), notes: [...new Set(lines.filter(isNote))].sort() };
}

const named = transcriptsOf(README);
const withTerminals = hasTerminals() ? describe : describe.skip;
if (!hasTerminals())
  process.stdout.write('skipped: the transcripts of the README, since tmux is not installed\n');

withTerminals('the README’s transcripts', () => {
  let recorded: Transcripts;
  beforeAll(async () => {
    const [terminals, failover, pipe] = [await freeStartPort(), await freeStartPort(), await freeStartPort()];
    recorded = await record({ terminals, failover, pipe });
  });

  test('each is one that is recorded, and none is left out', () => {
    expect([...named.keys()].sort()).toEqual([...recorded.keys()].sort());
  });

  test.each([...named])('%s has the shape that it has today', (name, text) => {
    const shown = shapeOf(text);
    const { lines, notes } = shapeOf(recorded.get(name) ?? '');
    expect({ lines: lines.map((line, at) => (LATE.test(line) ? shown.lines[at] : line)), notes }).toEqual(
      shown,
    );
  });
});
