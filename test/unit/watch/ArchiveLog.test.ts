import { ArchiveLog } from '../../../src/watch/ArchiveLog';

test('an archive that fails is told once, and again when it works', () => {
  const told: string[] = [];
  const store: { archiveProblem: string | null } = { archiveProblem: null };
  const log = new ArchiveLog(store, {
    warn: (fields, message) => told.push(`warn ${JSON.stringify(fields)} ${message}`),
    info: (fields, message) => told.push(`info ${JSON.stringify(fields)} ${message}`),
  });
  for (const problem of [null, 'full', 'full', 'gone', null, null, 'full']) {
    store.archiveProblem = problem;
    log.tick();
  }
  expect(told).toEqual([
    'warn {"event":"archive_fails"} full',
    'info {"event":"archive_works"} files of the log that was trimmed are archived again',
    'warn {"event":"archive_fails"} full',
  ]);
});
