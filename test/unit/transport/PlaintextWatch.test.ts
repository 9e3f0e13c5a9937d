import { UNDECRYPTED_BYTES_MAX, UNDECRYPTED_RATIO_MAX } from '../../../src/limits';
import { PlaintextWatch } from '../../../src/transport/tls/PlaintextWatch';

let raw: { bytesRead: number };
let tls: { bytesRead: number } | null;
let watch: PlaintextWatch;

beforeEach(() => {
  raw = { bytesRead: 0 };
  tls = { bytesRead: 0 };
  watch = new PlaintextWatch(raw, () => tls);
});

/** So many bytes come in, and so many out of TLS; then it looks. */
function comes(inBytes: number, outBytes: number): boolean {
  raw.bytesRead += inBytes;
  if (tls !== null) tls.bytesRead += outBytes;
  return watch.look();
}

test('what comes in may stay within TLS up to a limit, and no byte more', () => {
  expect(comes(UNDECRYPTED_BYTES_MAX, 0)).toBe(true);
  expect(comes(1, 0)).toBe(false);
});

test('it counts before TLS is there too', () => {
  tls = null;
  expect(comes(UNDECRYPTED_BYTES_MAX + 1, 0)).toBe(false);
});

test('little by little is as much', () => {
  let looks = 0;
  while (comes(1000, 0)) looks++;
  expect(looks).toBe(Math.floor(UNDECRYPTED_BYTES_MAX / 1000));
});

test('a connection whose bytes come out may go on for ever', () => {
  for (let look = 0; look < 1000; look++)
    expect(comes(UNDECRYPTED_RATIO_MAX * 1_000_000, 1_000_000)).toBe(true);
});

test('what came out earlier is no credit for what does not come out later', () => {
  comes(1_000_000_000, 1_000_000_000);
  expect(comes(UNDECRYPTED_BYTES_MAX, 0)).toBe(true);
  expect(comes(1, 0)).toBe(false);
});

test('what comes out late makes up for what came in', () => {
  comes(UNDECRYPTED_BYTES_MAX, 0);
  comes(0, UNDECRYPTED_BYTES_MAX);
  expect(comes(UNDECRYPTED_BYTES_MAX, 0)).toBe(true);
});
