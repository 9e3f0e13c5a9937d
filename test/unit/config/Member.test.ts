import { buildMember, formatAddress, isLoopback, parseAddress, parseHost } from '../../../src/config/Member';

describe('hosts', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', 'localhost'],
    ['DB-1.Example.com', 'db-1.example.com'],
    ['node_0', 'node_0'],
    ['4f3a2b1c9d0e', '4f3a2b1c9d0e'],
    ['[::1]', '::1'],
    ['[2001:DB8:0:0::0001]', '2001:db8::1'],
    ['[::ffff:127.0.0.1]', '::ffff:7f00:1'],
    ['a'.repeat(63), 'a'.repeat(63)],
  ])('%s is read as %s', (text, host) => expect(parseHost(text)).toBe(host));

  test.each([
    '',
    ' ',
    'a b',
    '0.0.0.0',
    '[::]',
    '[0:0::0]',
    '::1',
    '[127.0.0.1]',
    '[::1',
    '[fe80::1%eth0]',
    '256.1.1.1',
    '010.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '-a',
    'a-',
    'a..b',
    'a.',
    'höst',
    'user@host',
    'a'.repeat(64),
    Array.from({ length: 64 }, () => 'abc').join('.'),
  ])('%j is refused', (text) => expect(parseHost(text)).toBeNull());
});

describe('addresses', () => {
  test.each([
    ['tcp://127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
    ['tcp://db.example.com:65535', { host: 'db.example.com', port: 65_535 }],
    ['tcp://[::1]:2000', { host: '::1', port: 2000 }],
  ])('%s is read, and written the same', (text, parsed) => {
    expect(parseAddress(text)).toEqual(parsed);
    expect(formatAddress(parsed.host, parsed.port)).toBe(text);
  });

  test.each([
    'tcp://127.0.0.1',
    'tcp://127.0.0.1:',
    'tcp://127.0.0.1:0',
    'tcp://127.0.0.1:65536',
    'tcp://127.0.0.1:02000',
    'tcp://127.0.0.1:2000/',
    'tcp://127.0.0.1:2000/02ab',
    'tcp://127.0.0.1:2000\n',
    ' tcp://127.0.0.1:2000',
    'tcp://:2000',
    'tcp://::1:2000',
    'tcp://0.0.0.0:2000',
    'http://127.0.0.1:2000',
    '127.0.0.1:2000',
  ])('%j is refused', (text) => expect(parseAddress(text)).toBeNull());

  test('mokka’s address of a member ends in its public key, an IPv6 host in brackets', () => {
    expect(buildMember('::1', 2000, '02ab')).toEqual({
      address: 'tcp://[::1]:2000/02ab',
      host: '::1',
      port: 2000,
      publicKey: '02ab',
    });
  });
});

test.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['::1', true],
  ['128.0.0.1', false],
  ['10.0.0.1', false],
  ['::2', false],
  ['2001:db8::1', false],
  ['localhost.example.com', false],
])('%s is loopback: %s', (host, expected) => expect(isLoopback(host)).toBe(expected));
