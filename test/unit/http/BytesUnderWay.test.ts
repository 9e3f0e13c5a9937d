import { HTTP_BYTES_OWN, HTTP_ROOM_MS_MAX } from '../../../src/httpLimits';
import { BytesUnderWay, type Release } from '../../../src/http/answers/BytesUnderWay';

const MAX = 10 * HTTP_BYTES_OWN;
const HALF = MAX / 2;

let bytes: BytesUnderWay;
beforeEach(() => {
  jest.useFakeTimers();
  bytes = new BytesUnderWay(MAX);
});
afterEach(() => void jest.useRealTimers());

/** Takes what there is room for. */
function taken(size: number): Release {
  const release = bytes.tryTake(size);
  if (release === null) throw new Error(`no room for ${size}`);
  return release;
}

/** Notes in `order` when it has its room. */
function takeLater(order: string[], name: string, size: number): Promise<Release> {
  return bytes.take(size).then((release) => {
    order.push(name);
    return release;
  });
}

test('all the room may be taken, and no byte more; what is small needs none', () => {
  taken(HALF);
  const second = taken(HALF);
  expect(bytes.tryTake(HTTP_BYTES_OWN + 1)).toBeNull();
  taken(HTTP_BYTES_OWN);
  second();
  taken(HALF);
});

test('what is larger than all the room has it alone', () => {
  const release = taken(2 * MAX);
  expect(bytes.tryTake(HTTP_BYTES_OWN + 1)).toBeNull();
  release();
  const small = taken(HTTP_BYTES_OWN + 1);
  expect(bytes.tryTake(2 * MAX)).toBeNull();
  small();
  taken(2 * MAX);
});

test('what is given back twice counts once', () => {
  const first = taken(HALF);
  taken(HALF);
  first();
  first();
  taken(HALF);
  expect(bytes.tryTake(HTTP_BYTES_OWN + 1)).toBeNull();
});

test('who waits has room in turn: nobody smaller goes before', async () => {
  const order: string[] = [];
  const first = taken(HALF);
  const second = taken(HALF);
  const large = takeLater(order, 'large', MAX);
  const small = takeLater(order, 'small', HALF);
  first();
  expect(bytes.tryTake(HTTP_BYTES_OWN + 1)).toBeNull();
  await jest.advanceTimersByTimeAsync(0);
  expect(order).toEqual([]);
  second();
  (await large)();
  await small;
  expect(order).toEqual(['large', 'small']);
  taken(HALF);
});

test('who waits too long is told that nothing was done, and holds up nobody behind', async () => {
  taken(HALF);
  const large = expect(bytes.take(MAX)).rejects.toMatchObject({ code: 'BUSY' });
  await jest.advanceTimersByTimeAsync(HTTP_ROOM_MS_MAX / 2);
  const small = bytes.take(HALF);
  await jest.advanceTimersByTimeAsync(HTTP_ROOM_MS_MAX / 2);
  await large;
  const release = await small;
  release();
  taken(HALF);
});

test('what is not to fail waits as long as it is wanted', async () => {
  const release = taken(MAX);
  const waits = bytes.takeInTime(HALF, () => true);
  await jest.advanceTimersByTimeAsync(1.5 * HTTP_ROOM_MS_MAX);
  release();
  await waits;
  let wanted = true;
  const inVain = bytes.takeInTime(MAX, () => wanted);
  wanted = false;
  await jest.advanceTimersByTimeAsync(HTTP_ROOM_MS_MAX);
  await inVain;
  taken(HALF);
});
