/** Tests run from their TypeScript sources; types are checked by `npm run typecheck`, once, not in every test file. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
  // Integration tests start real processes: on two cores, more files at once only disturb each other's timing.
  maxWorkers: 2,
};
