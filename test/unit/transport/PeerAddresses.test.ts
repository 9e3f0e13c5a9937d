import { NAME_LOOKUP_PAUSE_MS } from '../../../src/limits';
import { PeerAddresses } from '../../../src/transport/PeerAddresses';

/** A resolver whose answers the test gives. */
class Resolver {
  asked = 0;
  private answering: { resolve: (found: string[]) => void; reject: (error: Error) => void } | null = null;

  readonly lookUp = (): Promise<string[]> => {
    this.asked++;
    return new Promise((resolve, reject) => (this.answering = { resolve, reject }));
  };

  answer(...found: string[]): void {
    this.answering?.resolve(found);
  }

  fail(code: string): void {
    this.answering?.reject(Object.assign(new Error('failed'), { code }));
  }
}

let now: number;
let resolver: Resolver;
let addresses: PeerAddresses;

beforeEach(() => {
  now = 0;
  resolver = new Resolver();
  addresses = new PeerAddresses('host-c', resolver.lookUp, () => now);
});

/** The addresses are known, and all have been tried. */
async function resolvedTo(...found: string[]): Promise<void> {
  addresses.next();
  resolver.answer(...found);
  await addresses.answered();
  for (const address of found) expect(addresses.next()).toBe(address);
}

test('an address is its own, and is never looked up', () => {
  for (const host of ['10.0.0.1', 'fd00::1']) {
    const known = new PeerAddresses(host, resolver.lookUp, () => now);
    expect([known.next(), known.next(), known.isName, known.problem]).toEqual([host, host, false, null]);
  }
  expect(resolver.asked).toBe(0);
});

test('all addresses of a name are tried in turn, each once in a round', async () => {
  expect(addresses.next()).toBeNull();
  resolver.answer('fd00::1', '10.0.0.1');
  await addresses.answered();
  expect([addresses.next(), addresses.hasUntried]).toEqual(['fd00::1', true]);
  expect([addresses.next(), addresses.hasUntried]).toEqual(['10.0.0.1', false]);
  expect(addresses.next()).toBe('fd00::1');
});

test('however often it is tried, one look-up is under way', async () => {
  for (let i = 0; i < 100; i++) {
    expect(addresses.next()).toBeNull();
    now += 2000;
  }
  expect(resolver.asked).toBe(1);
  resolver.answer('10.0.0.1');
  await addresses.answered();
  expect(addresses.next()).toBe('10.0.0.1');
});

test('after a failed look-up there is a pause', async () => {
  addresses.next();
  resolver.fail('ENOTFOUND');
  await addresses.answered();
  expect([addresses.next(), resolver.asked]).toEqual([null, 1]);
  now += NAME_LOOKUP_PAUSE_MS;
  expect([addresses.next(), resolver.asked]).toEqual([null, 2]);
});

test('the address that worked is tried first, and needs no look-up', async () => {
  await resolvedTo('fd00::1', '10.0.0.1');
  addresses.worked('10.0.0.1');
  const { asked } = resolver;
  expect([addresses.next(), addresses.next()]).toEqual(['10.0.0.1', 'fd00::1']);
  expect(resolver.asked).toBe(asked);
});

test('what is known is tried again while the look-up hangs, and after it has failed', async () => {
  await resolvedTo('10.0.0.1');
  now += NAME_LOOKUP_PAUSE_MS;
  for (let i = 0; i < 5; i++) expect(addresses.next()).toBe('10.0.0.1');
  expect(resolver.asked).toBe(2);
  resolver.fail('EAI_AGAIN');
  await addresses.answered();
  expect(addresses.next()).toBe('10.0.0.1');
});

test('the address that worked stays first when the name resolves anew, wherever it stands in the answer', async () => {
  await resolvedTo('10.0.0.1', '10.0.0.2');
  addresses.worked('10.0.0.2');
  addresses.next();
  addresses.next();
  now += NAME_LOOKUP_PAUSE_MS;
  addresses.next();
  resolver.answer('10.0.0.1', '10.0.0.2', '10.0.0.3');
  await addresses.answered();
  const tried = [addresses.next(), addresses.next(), addresses.next()];
  expect(tried).toEqual(['10.0.0.2', '10.0.0.1', '10.0.0.3']);
});

test('a name that moves is followed; the address that worked before stays the last resort', async () => {
  await resolvedTo('10.0.0.1');
  addresses.worked('10.0.0.1');
  addresses.next();
  now += NAME_LOOKUP_PAUSE_MS;
  addresses.next();
  resolver.answer('10.0.0.2');
  await addresses.answered();
  expect([addresses.next(), addresses.next()]).toEqual(['10.0.0.2', '10.0.0.1']);
});

test('the problem names the name, since when and why, until it resolves', async () => {
  addresses.next();
  expect(addresses.problem).toBeNull();
  now += 3000;
  expect(addresses.problem).toBe('the name host-c does not resolve (for 3 s: no answer)');
  resolver.fail('EAI_AGAIN');
  await addresses.answered();
  now += 9000;
  expect(addresses.problem).toBe('the name host-c does not resolve (for 12 s: EAI_AGAIN)');
  addresses.next();
  expect(addresses.problem).toContain('EAI_AGAIN');
  resolver.answer('10.0.0.1');
  await addresses.answered();
  expect(addresses.problem).toBeNull();
});
