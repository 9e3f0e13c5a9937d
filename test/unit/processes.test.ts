import { environmentOf, ownCommandLine, parentOf, processFile } from '../../src/linux/processes';

jest.mock('node:fs', () => {
  const files = jest.requireActual<typeof import('node:fs')>('node:fs');
  return {
    ...files,
    readFileSync: jest.fn(files.readFileSync),
    existsSync: jest.fn(files.existsSync),
  };
});

const NOBODY = 2 ** 22 + 1;

test('what Linux tells of a process: its parent, its environment, its own command line', () => {
  expect(parentOf(process.pid)).toBe(process.ppid);
  expect(parentOf(process.ppid)).toBeGreaterThanOrEqual(0);
  expect(environmentOf(process.pid)?.some((variable) => variable.startsWith('PATH='))).toBe(true);
  expect(ownCommandLine()?.includes('jest')).toBe(true);
  expect([parentOf(NOBODY), environmentOf(NOBODY)]).toEqual([0, null]);
});

test('another system has no such files, and nothing is known', () => {
  const files = jest.requireMock<typeof import('node:fs')>('node:fs');
  jest.mocked(files.existsSync).mockReturnValue(false);
  jest.mocked(files.readFileSync).mockImplementation(() => {
    throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  });
  expect(parentOf(process.pid)).toBe(process.ppid);
  expect([parentOf(1), environmentOf(1), ownCommandLine(), processFile(1, 'status')]).toEqual(
    new Array(4).fill(null),
  );
});
