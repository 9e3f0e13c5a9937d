import { clusterFingerprint } from '../../../src/config/clusterFingerprint';

const keys = ['02aa', '03bb', '02cc'];

test('is the same for the same members in any order and case, and leaves the list as it is', () => {
  const reversed = [...keys].reverse();
  const fingerprint = clusterFingerprint(keys);
  expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(clusterFingerprint(reversed)).toBe(fingerprint);
  expect(clusterFingerprint(keys.map((key) => key.toUpperCase()))).toBe(fingerprint);
  expect(reversed).toEqual(['02cc', '03bb', '02aa']);
});

test.each([[['02aa', '03bb']], [['02aa', '03bb', '02cd']], [['02aa03bb', '02cc']], [[]]])(
  'differs for other members: %j',
  (others) => {
    expect(clusterFingerprint(others)).not.toBe(clusterFingerprint(keys));
  },
);

test('is what it always was: stores on disk carry it', () => {
  expect(clusterFingerprint(keys)).toBe('6ed6af4e77191ea840efc8308cf7126ccffebc1181d77b92b5c65c35c77b6c65');
});
