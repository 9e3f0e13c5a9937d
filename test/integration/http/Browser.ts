import { execFileSync } from 'node:child_process';
import { chromium, type Browser } from 'playwright-core';

/** What Debian and others name it. */
const NAMES = ['chromium', 'chromium-browser'];

/** Where a Chromium is on this machine; null where none is. */
export const CHROMIUM = NAMES.map(pathOf).find((path) => path !== null) ?? null;

/** Why the tests in a browser are skipped; '' where they are not. */
export const WITHOUT_BROWSER =
  CHROMIUM === null ? `, skipped: neither ${NAMES.join(' nor ')} is on PATH` : '';

/** How long its start may take, ms: test machines are shared. */
const STARTS_WITHIN_MS = 120_000;

/** A browser without a window. */
export function startBrowser(): Promise<Browser> {
  if (CHROMIUM === null) throw new Error('there is no chromium');
  // In a container it may run as root, and with a small /dev/shm.
  const args = ['--no-sandbox', '--disable-dev-shm-usage'];
  return chromium.launch({ executablePath: CHROMIUM, args, timeout: STARTS_WITHIN_MS });
}

function pathOf(name: string): string | null {
  try {
    return execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}
