import { readOptions } from '../../../scripts/bench/options';
import { StartError } from '../../../src/errors';

function refusal(line: string, env: NodeJS.ProcessEnv = {}): string {
  try {
    readOptions(line.split(' '), env);
  } catch (thrown) {
    if (thrown instanceof StartError && thrown.exitStatus === 2) return thrown.message;
    throw thrown;
  }
  throw new Error(`${line} was taken`);
}

describe('readOptions', () => {
  test('has the defaults of issue 6', () => {
    expect(readOptions([], {})).toMatchObject({
      inflight: [1, 64, 256],
      seconds: 5,
      warmup: 1,
      keyBytes: 16,
      valueBytes: 100,
      size: 3,
      node: 'leader',
      mode: 'pipe',
      failover: 0,
      catchUp: 0,
      restart: 0,
      peers: false,
      json: false,
    });
  });

  test('reads what is given', () => {
    const line =
      '--inflight 8,16 --seconds 0.5 --warmup 0 --size 5 --node follower --mode library --catch-up 9';
    expect(readOptions(line.split(' '), {})).toMatchObject({
      inflight: [8, 16],
      seconds: 0.5,
      warmup: 0,
      size: 5,
      node: 'follower',
      mode: 'library',
      catchUp: 9,
    });
  });

  test('takes a peers script from the word after --peers', () => {
    const env = {};
    const scriptOf = (...args: string[]): unknown => {
      const options = readOptions(args, env);
      return options === 'help' ? options : options.peersScript;
    };
    expect(scriptOf('--peers', 'a.mjs', '--json')).toBe('a.mjs');
    expect(scriptOf('--peers', '--json')).toBeUndefined();
    expect(scriptOf('--peers')).toBeUndefined();
  });

  test('knows a wish for help', () => {
    expect(readOptions(['--help'], {})).toBe('help');
  });

  test.each([
    ['--inflight 0', /--inflight must be a whole number from 1 to 65536 \(it is "0"\)/],
    ['--inflight 1,,2', /--inflight must be .* \(it is ""\)/],
    ['--inflight 1.5', /--inflight must be/],
    ['--seconds 0', /--seconds must be 0.1 to 3600 seconds \(it is "0"\)/],
    ['--seconds 1e3', /--seconds must be/],
    ['--warmup=-1', /--warmup must be 0 to 3600 seconds \(it is "-1"\)/],
    ['--key 7', /--key must be a whole number from 8 to 1024/],
    ['--value 0', /--value must be a whole number from 1 to 1048576/],
    ['--size 8', /--size must be a whole number from 1 to 7/],
    ['--size 1 --node follower', /--node follower needs --size 2 or more/],
    ['--size 2 --failover 1', /need --size 3 or more: 2 cannot lose one/],
    ['--size 2 --catch-up 1', /need --size 3 or more/],
    ['--size 1 --restart 1', /--restart needs --size 2 or more/],
    ['--node boss', /--node must be leader or follower \(it is "boss"\)/],
    ['--mode http', /--mode must be pipe or library/],
    ['--mode library --peers', /--peers needs --mode pipe/],
    ['--get --peers', /--peers compares adds and failovers/],
    ['--failover 0', /--failover must be a whole number from 1 to 1000/],
    ['--plot=', /--plot needs a path/],
    ['--color', /Unknown option '--color'/],
    ['extra', /"extra" belongs to no option/],
    ['--peers a b', /"b" belongs to no option/],
    ['--json a', /"a" belongs to no option/],
  ])('refuses %s in one line', (line, message) => {
    expect(refusal(line)).toMatch(message);
    expect(refusal(line)).not.toMatch(/\n/);
  });

  test('refuses a run whose options npm has kept to itself', () => {
    const env = { npm_lifecycle_event: 'bench', npm_config_catch_up: '5' };
    expect(refusal('--json', env)).toMatch(
      /npm took --catch-up for itself: write {2}npm run bench -- --catch-up/,
    );
    expect(readOptions([], { npm_config_json: 'true' })).toMatchObject({ json: false });
  });
});
