/**
 * What a node may tell at any time, without being asked, where a disk or the machine is slow. Tests of something else
 * compare what is left without it.
 */

/** By the words that people read. */
const NOTICES = [
  'a write to .* has not ended since .*: this node waits for its disk and answers nothing; it ends when that lasts .*s',
  'a write to .* has ended, after .*s',
  'a write to .* took .* ms, with electionTimeout .* ms and heartbeat .* ms: each add waits for such writes; give the node a faster disk, or, where that cannot be, raise both settings',
  'stepping down: no quorum was heard',
  'won an election of a term that is over',
  'the add waits; info says: .* Ctrl-C ends the wait.',
];

/** Before a notice: the time and level of a record in a node's terminal, or the node's name in `npm start`'s. */
const PREFIX = String.raw`(?:[\d:.]+ (?:warn|error): |node \d: )?`;

/** A terminal breaks a notice's lines at any of its spaces. */
const PATTERNS = NOTICES.map((notice) => {
  const words = notice.replaceAll(' ', String.raw`\s+`).replaceAll('.*', '[^]*?');
  return new RegExp(`^${PREFIX}${words}$\n?`, 'gm');
});

/** What a terminal shows, without notices. */
export function withoutNotices(screen: string): string {
  return PATTERNS.reduce((text, notice) => text.replace(notice, ''), screen);
}

/** The lines of a program's output, without the records of a logger among them, which are JSON. */
export function linesWithoutRecords(output: string): string[] {
  return output.split('\n').filter((line) => line !== '' && !line.startsWith('{"name":'));
}
