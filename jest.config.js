/** Tests run from their TypeScript sources; types are checked by `npm run typecheck`, once, not in every test file. */

// Files named so run in `npm run test:long` alone. It sets TESTS to `long` for these, then to `full` for the others, whose
// numbers of cases then are the larger ones (test/runs.ts).
const LONG = '*.long';
const tests = process.env.TESTS === 'long' ? LONG : `!(${LONG})`;

module.exports = {
  // As node's, and the processes that tests start print no colours: they are read.
  testEnvironment: '<rootDir>/test/PlainEnvironment.ts',
  roots: ['<rootDir>/test'],
  testMatch: [`**/${tests}.test.ts`],
  globalSetup: '<rootDir>/test/globalSetup.ts',
  // Of one test, ms: what a slow or busy machine may take, not what it should.
  testTimeout: 600_000,
  transform: {
    '^.+\\.ts$': ['@swc/jest', { swcrc: false, jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }],
  },
  // Integration tests start real processes and wait for them more than they compute: three files at once keep two cores busy.
  maxWorkers: 3,
  // Mokka's arithmetic of votes asks for Math in its inner loops: through jest's sandbox that takes ten times as long.
  sandboxInjectedGlobals: ['Math'],
};
