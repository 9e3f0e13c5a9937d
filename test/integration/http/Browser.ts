import { execFileSync } from 'node:child_process';
import { chromium, type Browser } from 'playwright-core';

/** What Debian and others name it. */
const NAMES = ['chromium', 'chromium-browser'];

/** Where a Chromium is on this machine; null where none is. */
export const CHROMIUM = NAMES.map(pathOf).find((path) => path !== null) ?? null;

/** Why the tests in a browser are skipped; '' where they are not. */
export const WITHOUT_BROWSER =
  CHROMIUM === null ? `, skipped: neither ${NAMES.join(' nor ')} is on PATH` : '';

/** A browser without a window. */
export function startBrowser(): Promise<Browser> {
  if (CHROMIUM === null) throw new Error('there is no chromium');
  // In a container it may run as root, and with a small /dev/shm.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

function pathOf(name: string): string | null {
  try {
    return execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}
