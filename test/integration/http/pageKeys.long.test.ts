import type { Browser, Page } from 'playwright-core';
import { SERVES_WITHIN_MS } from '../cluster/Cluster';
import { CHROMIUM, startBrowser, WITHOUT_BROWSER } from './Browser';
import { HttpCluster } from './HttpCluster';
import { focusByTab, focused, openPage } from './openPage';

/** As many as a page of a key has. */
const PAGE = 50;
const NASTY = '<img src=x onerror="document.title=1">\u001b[31m\u202e';
const ODD_KEYS = ['a/b c', '%2F', '100%', '?from=1#x&y', 'ключ 🔑', ' lead', '<b>bold</b>', 'a+b', '...'];

let http: HttpCluster;
beforeAll(async () => (http = await HttpCluster.started()));
afterAll(() => http.cluster.end());

/** Adds logs, and returns the index of each. */
async function addAll(logs: readonly { key: string; value: string }[]): Promise<number[]> {
  const answer = await http.fetch(0, '/v1/log', {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: logs.map((log) => `${JSON.stringify(log)}\n`).join(''),
  });
  const lines = (await answer.text()).trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { result: { index: number } }).result.index);
}

function values(key: string, count: number): { key: string; value: string }[] {
  return Array.from({ length: count }, (_, at) => ({ key, value: `${key} ${at + 1}.` }));
}

async function trim(index: number): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ index });
  expect((await http.fetch(0, '/v1/trim', { method: 'POST', headers, body })).status).toBe(200);
}

// All of it needs a browser; the reason stands in the name, where jest tells what it has skipped.
(CHROMIUM === null ? describe.skip : describe)(`keys in a browser${WITHOUT_BROWSER}`, () => {
  let browser: Browser;
  beforeAll(async () => (browser = await startBrowser()));
  afterAll(() => browser.close());

  let faults: string[];
  let page: Page;
  beforeEach(async () => {
    faults = [];
    page = await openPage(browser, `http://127.0.0.1:${http.portOf(0)}/#token=${http.token}`, faults);
    await page.getByText(/^Node \d leads, term \d+$/).waitFor();
  });
  afterEach(async () => {
    await page.close();
    expect(faults).toEqual([]);
  });

  async function lookUp(key: string): Promise<void> {
    await page.locator('#key').fill(key);
    await page.locator('#key').press('Enter');
  }

  function shownValues(): Promise<string[]> {
    return page.locator('#key-logs .value').allTextContents();
  }

  async function rangeIs(latest: number | undefined, earliest: number | undefined): Promise<void> {
    await page.locator('#key-note', { hasText: `#${latest ?? 0} to #${earliest ?? 0}.` }).waitFor();
  }

  test('a key is looked up by keyboard alone: its latest log, then its logs page by page', async () => {
    const all = values('paged', 2 * PAGE + 1);
    const indexes = await addAll(all);
    const latestFirst = all.map(({ value }) => value).reverse();
    await focusByTab(page, 'key');
    await page.keyboard.type('paged');
    await page.keyboard.press('Enter');
    await rangeIs(indexes.at(-1), indexes.at(-PAGE));
    expect(await focused(page)).toBe('key-shown');
    const top = "document.getElementById('key-shown').getBoundingClientRect().top";
    expect(await page.evaluate(`${top} < innerHeight / 4`)).toBe(true);
    expect(await page.locator('#key-entry').textContent()).toContain(`valuepaged ${2 * PAGE + 1}.`);
    expect(await shownValues()).toEqual(latestFirst.slice(0, PAGE));

    await focusByTab(page, 'key-earlier');
    await page.keyboard.press('Enter');
    await rangeIs(indexes[PAGE], indexes[1]);
    expect(await shownValues()).toEqual(latestFirst.slice(PAGE, 2 * PAGE));
    expect(await page.locator('#key-entry').isVisible()).toBe(false);
    await page.keyboard.press('Enter');
    await page.getByText(`1 log, #${indexes[0] ?? 0}. There is none before.`).waitFor();
    expect(await shownValues()).toEqual(latestFirst.slice(-1));
    // The end of the way has no dead button under the hands.
    expect(await focused(page)).toBe('key-later');
    await page.keyboard.press('Enter');
    await rangeIs(indexes[PAGE], indexes[1]);
    await page.keyboard.press('Escape');
    expect(await page.locator('#key-section').isVisible()).toBe(false);
    expect(await focused(page)).toBe('key');
  });

  test('a full page that nothing comes before says so when it is asked', async () => {
    await addAll(values('full', PAGE));
    await lookUp('full');
    await page.locator('#key-note', { hasText: `${PAGE} logs` }).waitFor();
    await page.getByRole('button', { name: 'Earlier' }).click();
    await page.locator('#key-note', { hasText: 'There is none before.' }).waitFor();
    expect((await shownValues()).length).toBe(PAGE);
    expect(await page.getByRole('button', { name: 'Earlier' }).isDisabled()).toBe(true);
  });

  test('a key of the list is a button, and what its logs have is text, cut, and whole where asked for', async () => {
    await addAll([
      { key: '<i>k</i>\u202e\n', value: `${'x'.repeat(5000)}end` },
      { key: '<i>k</i>\u202e\n', value: NASTY },
    ]);
    await page.locator('#logs').getByRole('button', { name: '<i>k</i>\\u202e\\x0a' }).first().press('Enter');
    await page.getByRole('heading', { name: 'Logs of the key <i>k</i>\\u202e\\x0a' }).waitFor();
    const shown = '<img src=x onerror="document.title=1">\\x1b[31m\\u202e';
    expect((await shownValues())[0]).toBe(shown);
    expect(await page.locator('#key-entry').textContent()).toContain(shown);
    expect(await page.locator('#key-section img, #key-section i').count()).toBe(0);
    const long = page.locator('#key-logs li').nth(1);
    expect(await long.textContent()).not.toContain('end');
    await long.getByRole('button', { name: 'whole' }).press('Enter');
    await page.locator('#look-entry').getByText('xend').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await page.locator('#key-section').isVisible()).toBe(false);
  });

  test('keys of odd characters are looked up as they are typed', async () => {
    await addAll(ODD_KEYS.map((key) => ({ key, value: `of ${key}.` })));
    for (const key of ODD_KEYS) {
      await lookUp(key);
      await page.locator('#key-entry').getByText(`of ${key}.`, { exact: true }).waitFor();
      expect(await shownValues()).toEqual([`of ${key}.`]);
    }
    for (const key of ['.', '..']) {
      await lookUp('a+b');
      await page.locator('#key-entry').waitFor();
      await lookUp(key);
      await page.getByText('Not shown: a browser cannot ask for this key').waitFor();
      expect(await page.locator('#key-section').isVisible()).toBe(false);
    }
  });

  test('a key without a log, one that is refused, and a node that fails or is lost are told apart', async () => {
    await addAll(values('told', PAGE + 1));
    await lookUp('no such key');
    await page.getByText('There is no log of this key.').waitFor();
    expect(await focused(page)).toBe('key');
    await lookUp('k'.repeat(1025));
    await page.locator('#key-result', { hasText: /^Not shown: .*key/ }).waitFor();
    await lookUp('told');
    await page.locator('#key-entry').waitFor();
    expect(await page.locator('#key-result').textContent()).toBe('');

    await page.route('**/v1/keys/**', (route) => route.abort());
    await page.getByRole('button', { name: 'Earlier' }).click();
    await page.locator('#key-note', { hasText: 'Not shown: this node does not answer.' }).waitFor();
    expect((await shownValues()).length).toBe(PAGE);
    await lookUp('told');
    await page.locator('#key-result', { hasText: 'Not shown: this node does not answer.' }).waitFor();
    await page.unroute('**/v1/keys/**');
    const problem = JSON.stringify({ code: 'NO_LEADER', detail: 'no leader is known' });
    await page.route('**/v1/keys/**', (route) => route.fulfill({ status: 503, body: problem }));
    await lookUp('told');
    await page.locator('#key-result', { hasText: 'Not shown: no leader is known.' }).waitFor();
  });

  test('an answer that comes after another key was asked for is not shown', async () => {
    await addAll([...values('slow', 1), ...values('quick', 1)]);
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    await page.route('**/v1/keys/slow/**', async (route) => {
      await held;
      await route.continue();
    });
    const asked = page.waitForRequest('**/v1/keys/slow/**');
    await page.locator('#logs').getByRole('button', { name: 'slow' }).click();
    await asked;
    await page.locator('#logs').getByRole('button', { name: 'quick' }).click();
    await page.locator('#key-entry').getByText('quick 1.').waitFor();
    // With the second answer it would be shown.
    const late = page.waitForResponse(/\/v1\/keys\/slow\/.*before=1$/);
    answer();
    await (await late).finished();
    await page.evaluate('new Promise(requestAnimationFrame)');
    expect(await page.locator('#key-shown').textContent()).toBe('Logs of the key quick');
  });

  test('behind a trim the list begins at the floor, and a key tells what of it is gone', async () => {
    const gone = await addAll(values('gone', 1));
    const indexes = await addAll(values('cut', PAGE + 5));
    await lookUp('cut');
    await rangeIs(indexes.at(-1), indexes.at(-PAGE));
    const floor = indexes[PAGE - 1] ?? 0;
    expect(await page.locator('#logs-begin').textContent()).toBe('');
    await trim(floor);
    await page.getByRole('button', { name: 'Earlier' }).click();
    const trimmed = `What came before #${floor + 1} was trimmed.`;
    await page.locator('#key-note', { hasText: trimmed }).waitFor();
    await lookUp('cut');
    await page.getByText(`5 logs, #${indexes.at(-1) ?? 0} to #${floor + 1}. ${trimmed}`).waitFor();
    await lookUp('gone');
    await page
      .getByText(`There is no log of this key from #${floor + 1} on. What came before was trimmed.`)
      .waitFor();
    expect(gone[0]).toBeLessThan(floor);

    // The last fifty begin before the floor.
    await page.reload();
    await page.getByText(`The log begins with #${floor + 1}. What came before was trimmed.`).waitFor();
    await page.locator('#logs li', { hasText: `#${indexes.at(-1) ?? 0}` }).waitFor();
    expect(await page.locator('#logs li span:first-child').allTextContents()).toEqual(
      indexes
        .filter((index) => index > floor)
        .reverse()
        .map((index) => `#${index}`),
    );
    await addAll(values('behind', 1));
    await page.locator('#logs li', { hasText: 'behind 1.' }).waitFor({ timeout: SERVES_WITHIN_MS });
    expect(await page.locator('#logs-note').textContent()).toBe('');
  });
});
