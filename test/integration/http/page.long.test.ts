import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { HTTP_PORT_OFFSET, SHARED_TOKEN_NAME } from '../../../src/config/httpConfig';
import { MOKKA_CLUSTER } from '../../programs';
import { runToEnd } from '../../StartedProgram';
import { Cluster, SERVES_WITHIN_MS } from '../cluster/Cluster';
import { until } from '../cluster/until';
import { CHROMIUM, startBrowser, WITHOUT_BROWSER } from './Browser';
import { focusByTab, openPage as openPageIn, WIDE } from './openPage';

/** As at any other text: WCAG 2.2, 1.4.3. */
const CONTRAST_MIN = 4.5;
const NARROW = { width: 400, height: 900 };
const NASTY = '<img src=x onerror="document.title=1">\u0007\u001b[31m\u202e<script>document.title=1</script>';

let cluster: Cluster;
let token: string;
beforeAll(async () => {
  cluster = await Cluster.started();
  token = readFileSync(path.join(cluster.dataDirectory, SHARED_TOKEN_NAME), 'utf8').trim();
});
afterAll(() => cluster.end());

function addressOf(node: number): string {
  return `http://127.0.0.1:${cluster.startPort + HTTP_PORT_OFFSET + node}`;
}

describe('what the page is made of', () => {
  test('needs no token, tells nothing of the log, and lets nothing else run', async () => {
    const answer = await fetch(`${addressOf(0)}/`);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect(answer.headers.has('mokka-since')).toBe(false);
    const html = await answer.text();
    expect(html).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]*src=)/);
    const files = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) expect((await fetch(`${addressOf(0)}${file}`)).status).toBe(200);
  });

  test.each(['tsconfig.json', 'nothing.js', '..%2fHttpDoor.js', 'constructor'])(
    '%s is not told',
    async (file) => {
      expect((await fetch(`${addressOf(0)}/page/${file}`)).status).toBe(404);
    },
  );
});

// All of it needs a browser; the reason stands in the name, where jest tells what it has skipped.
(CHROMIUM === null ? describe.skip : describe)(`in a browser${WITHOUT_BROWSER}`, () => {
  let browser: Browser;
  beforeAll(async () => (browser = await startBrowser()));
  afterAll(() => browser.close());

  /** What a page did that it must not. */
  let faults: string[];
  afterEach(() => expect(faults).toEqual([]));
  beforeEach(() => (faults = []));

  const openPage = (address: string): Promise<Page> => openPageIn(browser, address, faults);

  async function push(key: string, value: string): Promise<void> {
    const answer = await fetch(`${addressOf(0)}/v1/log`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key, value }),
    });
    expect(answer.status).toBe(201);
  }

  /** The log in the list that has this text. */
  async function comes(page: Page, text: string): Promise<void> {
    await page.locator('#logs li', { hasText: text }).first().waitFor();
  }

  test('asks for a token, refuses a wrong one with words, and keeps the right one out of the address', async () => {
    const page = await openPage(`${addressOf(0)}/`);
    await page.getByLabel('Token').fill('no-such-token');
    await page.keyboard.press('Enter');
    await page.getByText('this node does not know the token').waitFor();
    await page.getByLabel('Token').fill(token);
    await page.keyboard.press('Enter');
    await page.getByText(/^Node \d leads, term \d+$/).waitFor();
    await page.close();
    const other = await openPage(`${addressOf(1)}/#token=${token}`);
    await other.getByText('connected to node 1').waitFor();
    expect(other.url()).toBe(`${addressOf(1)}/`);
    await other.reload();
    await other.getByText('connected to node 1').waitFor();
    const link = other.getByRole('link', { name: 'node 2' });
    expect(await link.getAttribute('href')).toBe(`${addressOf(2)}/`);
    await link.click();
    await other.getByText('connected to node 2').waitFor();
    await other.close();
  });

  test('a log is added by keyboard alone, comes, and is looked up', async () => {
    const page = await openPage(`${addressOf(0)}/#token=${token}`);
    const leader = await cluster.leader();
    await page.getByRole('heading', { name: `Node ${leader.options.index} leads` }).waitFor();
    await page.locator('#add-key').waitFor();
    await focusByTab(page, 'add-key');
    await page.keyboard.type('typed');
    await page.keyboard.press('Tab');
    await page.keyboard.type('by hand');
    await page.keyboard.press('Enter');
    await page.getByText(/^Added as #\d+\.$/).waitFor();
    await comes(page, 'by hand');
    const added = (await page.locator('#add-result').textContent()) ?? '';
    await focusByTab(page, 'look-index');
    await page.keyboard.type(/\d+/.exec(added)?.[0] ?? '');
    await page.keyboard.press('Enter');
    const looked = page.locator('#look-entry');
    await looked.getByText('by hand').waitFor();
    expect(await looked.textContent()).toContain('keytyped');
    await page.close();
  });

  test('who may only read is shown no fields to add', async () => {
    const { stdout } = await runToEnd(
      [process.execPath, ...MOKKA_CLUSTER, 'token', 'create', '--scope', 'read', '--name', 'reader'],
      { env: { ...process.env, DATA_DIR: cluster.dataDirectory } },
    );
    const reader = stdout.trim();
    await until(SERVES_WITHIN_MS, 'the node knows the token', async () => {
      const { status } = await fetch(`${addressOf(0)}/v1/info`, {
        headers: { authorization: `Bearer ${reader}` },
      });
      return status === 200 ? true : undefined;
    });
    const page = await openPage('about:blank');
    const asked = page.waitForResponse((response) => response.status() === 403);
    await page.goto(`${addressOf(0)}/#token=${reader}`);
    await asked;
    await page.getByText(/^Node \d leads/).waitFor();
    expect(await page.locator('#add-key').isVisible()).toBe(false);
    await page.close();
  });

  test('paused, it shows none that come; then it goes on behind the last one', async () => {
    const page = await openPage(`${addressOf(0)}/#token=${token}`);
    await push('pause', 'before');
    await comes(page, 'before');
    const button = page.getByRole('button', { name: 'Pause', exact: true });
    await button.press('Space');
    await page.getByText('Paused: those that come are not shown.').waitFor();
    await push('pause', 'meanwhile');
    // Two looks at the node later it would be there.
    for (let looks = 0; looks < 2; looks++) await page.waitForResponse(/\/v1\/status$/);
    expect(await page.locator('#logs li', { hasText: 'meanwhile' }).count()).toBe(0);
    expect(await button.getAttribute('aria-pressed')).toBe('true');
    await button.press('Space');
    await comes(page, 'meanwhile');
    expect(await page.locator('#logs li', { hasText: 'before' }).count()).toBe(1);
    await page.close();
  });

  test('what stands in a log is shown as text, a long value cut, and whole where asked for', async () => {
    const page = await openPage(`${addressOf(0)}/#token=${token}`);
    await push('<b>key</b>', NASTY);
    await push('long', `${'x'.repeat(5000)}end`);
    await comes(page, 'long');
    const nasty = page.locator('#logs li', { hasText: '<b>key</b>' });
    expect(await nasty.locator('.value').textContent()).toBe(
      '<img src=x onerror="document.title=1">\\x07\\x1b[31m\\u202e<script>document.title=1</script>',
    );
    expect(await page.locator('#logs img, #logs b, #logs script').count()).toBe(0);
    const long = page.locator('#logs li', { hasText: 'xxx' });
    expect(await long.textContent()).not.toContain('end');
    await long.getByRole('button', { name: 'whole' }).press('Enter');
    await page.locator('#look-entry').getByText('xend').waitFor();
    await page.close();
  });

  test.each([NARROW, WIDE])('nothing stands out of a window of $width', async (size) => {
    const page = await openPage(`${addressOf(0)}/#token=${token}`);
    await page.setViewportSize(size);
    await push('k'.repeat(300), 'v'.repeat(5000));
    await comes(page, 'vvv');
    await page.locator('#logs li', { hasText: 'vvv' }).first().getByRole('button', { name: 'whole' }).click();
    await page.locator('#look-entry').getByText('hash').waitFor();
    await page.locator('#logs li', { hasText: 'vvv' }).first().getByRole('button', { name: 'kkk' }).click();
    await page.locator('#key-entry').getByText('hash').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(size.width);
    const out = `[...document.querySelectorAll('body *')].filter((e) => {
      const { left, right } = e.getBoundingClientRect();
      return right > innerWidth + 1 || left < -1;
    }).map((e) => e.tagName)`;
    expect(await page.evaluate(out)).toEqual([]);
    await page.close();
  });

  test.each(['light', 'dark'] as const)('text can be read in %s', async (colorScheme) => {
    const page = await openPage(`${addressOf(0)}/#token=${token}`);
    await page.emulateMedia({ colorScheme });
    await comes(page, '#1');
    const colours = await page.evaluate<[string, string, string][]>(
      `['body', '.hint', '.well', 'a', 'th', 'label', 'button', '#pause', '.at'].map((name) => {
        const element = document.querySelector('#cluster ' + name) ?? document.querySelector(name);
        let ground = element;
        const isClear = () => getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)';
        while (isClear()) ground = ground.parentElement;
        return [name, getComputedStyle(element).color, getComputedStyle(ground).backgroundColor];
      })`,
    );
    expect(colours.length).toBe(9);
    for (const [name, text, ground] of colours)
      expect({ name, enough: contrast(text, ground) >= CONTRAST_MIN }).toEqual({ name, enough: true });
    const [, , ground = ''] = colours[0] ?? [];
    expect(luminance(ground) < 0.5).toBe(colorScheme === 'dark');
    await page.close();
  });

  test('says which node is down, what the problem is, and that its own node is lost and back', async () => {
    const own = await cluster.leader();
    const page = await openPage(`${addressOf(own.options.index)}/#token=${token}`);
    await page.getByText('No problem.').waitFor();
    const [first, second] = cluster.running.filter((node) => node !== own);
    if (first === undefined || second === undefined) throw new Error('two followers run');
    await first.kill();
    const row = page.getByRole('row', { name: `node ${first.options.index}` });
    await row.getByRole('cell', { name: /^no\b/ }).waitFor();
    await page
      .getByText(`Logs can be added, though this node does not reach node ${first.options.index}.`)
      .waitFor();
    await second.kill();
    await page.getByText(/^Problem: 1 of 3 members are reachable and 2 are needed/).waitFor();
    await own.kill();
    await page.getByText(/^Lost this node: .*Trying again every few seconds/).waitFor();
    for (const node of [own, first, second]) cluster.start(node.options.index);
    await cluster.leader();
    await page.getByText(`connected to node ${own.options.index}`).waitFor();
    await push('after', 'it came back');
    await comes(page, 'it came back');
    const indexes = await page.locator('#logs li span:first-child').allTextContents();
    expect(new Set(indexes).size).toBe(indexes.length);
    await page.close();
  });
});

/** Of WCAG 2. */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((text) => {
    const part = Number(text) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
