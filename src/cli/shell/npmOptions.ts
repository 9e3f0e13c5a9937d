/**
 * Why an npm script may not go on, when npm took one of its options for itself, as it does without `--` before them; null when
 * it took none. The script would do without it what its user did not ask for.
 */
export function whyNpmTookOptions(
  script: string,
  options: readonly string[],
  env: NodeJS.ProcessEnv,
): string | null {
  if (env['npm_lifecycle_event'] !== script) return null;
  const taken = options.find((name) => env[`npm_config_${name.replaceAll('-', '_')}`] !== undefined);
  return taken === undefined
    ? null
    : `npm took --${taken} for itself: write  npm run ${script} -- --${taken} …`;
}
