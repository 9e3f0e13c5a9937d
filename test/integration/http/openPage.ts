import type { Browser, Page } from 'playwright-core';
import { SERVES_WITHIN_MS } from '../cluster/Cluster';

export const WIDE = { width: 1400, height: 900 };

/** Opens a page, and collects scripts of it that fail and what its policy forbids. */
export async function openPage(browser: Browser, address: string, faults: string[]): Promise<Page> {
  const page = await browser.newPage({ viewport: WIDE });
  page.setDefaultTimeout(SERVES_WITHIN_MS);
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (message) => {
    if (/policy|trusted/i.test(message.text())) faults.push(message.text());
  });
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective))",
  );
  await page.goto(address);
  return page;
}

/** The id of what has the focus. */
export function focused(page: Page): Promise<string> {
  return page.evaluate<string>('document.activeElement.id');
}

/** Goes on by the Tab key until the field has the focus. */
export async function focusByTab(page: Page, id: string): Promise<void> {
  for (let presses = 0; presses < 50; presses++) {
    if ((await focused(page)) === id) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not lead to ${id}`);
}
