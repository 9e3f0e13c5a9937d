/** How many cases a test tries: `few` in `npm test`, `all` in `npm run test:long`, which sets TESTS. */
export function runs(all: number, few: number): number {
  return process.env['TESTS'] === undefined ? few : all;
}
