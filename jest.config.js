/** Tests run from their TypeScript sources; types are checked by `npm run typecheck`, once, not in every test file. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
  // Integration tests start real processes and wait for them more than they compute: three files at once keep two cores busy.
  maxWorkers: 3,
  // Mokka's arithmetic of votes asks for Math in its inner loops: through jest's sandbox that takes ten times as long.
  sandboxInjectedGlobals: ['Math'],
};
