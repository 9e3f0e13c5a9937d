/** A fenced block of the README that shows what a command prints: an HTML comment names it. */
const BLOCK = /(<!-- transcript: (?<name>[a-z0-9-]+) -->\n\n?```console\n)(?<text>[^]*?)(\n```\n)/g;

/** The README's transcripts, by name. */
export function transcriptsOf(readme: string): Map<string, string> {
  return new Map(
    [...readme.matchAll(BLOCK)].map(({ groups }) => [groups?.['name'] ?? '', groups?.['text'] ?? '']),
  );
}

/** The README with these transcripts in place of its own. @throws Error for one that it has no block for. */
export function withTranscripts(readme: string, recorded: ReadonlyMap<string, string>): string {
  const there = transcriptsOf(readme);
  const homeless = [...recorded.keys()].filter((name) => !there.has(name));
  const stale = [...there.keys()].filter((name) => !recorded.has(name));
  if (homeless.length + stale.length > 0)
    throw new Error(
      `README.md has no block for [${homeless.join(', ')}], and blocks that nothing is recorded for: [${stale.join(', ')}]`,
    );
  return readme.replace(BLOCK, (_block, start: string, name: string, _text: string, end: string) => {
    return `${start}${recorded.get(name) ?? ''}${end}`;
  });
}
