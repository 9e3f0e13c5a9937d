import { DEMO_KEYS, demoMembers, isDemoKey } from '../../../src/config/demoCluster';
import { generateKeyPair } from '../../../src/config/keyPair';

/** Worked out from the tutorial's secrets in Python, by DESIGN's rule: no code in common with src/config. */
const DEMO_PUBLIC_KEYS = [
  '021943336fbe8ac7e41ea5d3eb4d26ab924cd3d3e213933e44741bbe336d6b1446d6c922bc69a0cc059565a80996188d11d29e78ded4115b1d24039ba25e655afb',
  '0205d728aa5a32a85be48d12e79c4335b19382a794af5e7fac864f5d579fdd65a1a757d4dbbeb8564e1a3575ba89a12fccaacf2940d86c453da8b3f881d1fcfdba',
  '02bec0550728654d0321dbf04c5a74f458c0e6b2e3d6ec772e84950c1749487aaa009d53a3733c81375c2b5dfd4e7c51c14be84919d6e118198d35afd80965a52c',
];
const DEMO_VOTING_KEYS = [
  'b092ceebaee2aeebda3eff0f8daecef22d5ace41d62db58cc723741dcb79d7fd',
  '3e0cc6730a7535622bcda17298aa4c287b10add4ef8acf5374e912b63ec2c30e',
  'a137c8592aaf573a1ba26adfad6a16c1a00aa233db88f57972b8fe35024e3769',
];

test('the tutorial’s three secrets give the identities that an independent computation gives', () => {
  expect(DEMO_KEYS.map((keys) => keys.publicKey)).toEqual(DEMO_PUBLIC_KEYS);
  expect(DEMO_KEYS.map((keys) => keys.votingKey)).toEqual(DEMO_VOTING_KEYS);
});

test('node i of the demo cluster listens on START_PORT + i of this machine', () => {
  expect(demoMembers(2000).map((member) => member.address)).toEqual(
    DEMO_PUBLIC_KEYS.map((publicKey, index) => `tcp://127.0.0.1:${2000 + index}/${publicKey}`),
  );
});

test('a key is a demo key when either of its halves is', () => {
  const fresh = generateKeyPair().publicKey;
  const demo = DEMO_PUBLIC_KEYS[1] ?? '';
  expect(DEMO_PUBLIC_KEYS.every(isDemoKey)).toBe(true);
  expect(isDemoKey(fresh)).toBe(false);
  expect(isDemoKey(demo.slice(0, 66) + fresh.slice(66))).toBe(true);
  expect(isDemoKey(fresh.slice(0, 66) + demo.slice(66))).toBe(true);
});
