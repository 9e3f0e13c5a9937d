import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { CommandLoad } from '../../../../src/cli/answers/CommandLoad';
import { PipePrompt } from '../../../../src/cli/lines/PipePrompt';
import {
  ANSWER_PIECE_LENGTH,
  COMMAND_BYTES_IN_FLIGHT_MAX,
  COMMANDS_IN_FLIGHT_MAX,
  LINE_BYTES_MAX,
  READ_BYTES_RESERVED,
  VALUE_BYTES_MAX,
} from '../../../../src/limits';
import { FakeNode, noLeader } from '../FakeNode';

interface JsonAnswer {
  command: string;
  ok: boolean;
  result?: { index?: number; log?: { key: string; value: { value: string } } };
  error?: { code: string; message: string };
}

/** A prompt over a fake node, and what it wrote. */
class Pipe {
  readonly node = new FakeNode();
  readonly input = new PassThrough();
  text = '';
  writes = 0;
  readonly unexpected: Error[] = [];
  /** While true, writes are not taken. */
  slow = false;
  #takeWrite: (() => void) | null = null;
  readonly output = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      this.text += chunk;
      this.writes++;
      if (this.slow) this.#takeWrite = done;
      else done();
    },
  });
  readonly prompt: PipePrompt;

  constructor(load = new CommandLoad()) {
    this.prompt = new PipePrompt(
      { node: this.node, load },
      { input: this.input, output: this.output, unexpected: (error) => this.unexpected.push(error) },
    );
  }

  takeWrites(): void {
    this.slow = false;
    this.#takeWrite?.();
  }

  get answers(): JsonAnswer[] {
    return this.text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as JsonAnswer);
  }

  /** Each answer in short: the index or key it brings, or its code. */
  get short(): string[] {
    return this.answers.map(({ command, result, error }) =>
      [command, error?.code ?? result?.log?.key ?? ''].join(' ').trim(),
    );
  }
}

/** Enough turns of the event loop for everything that can happen to have happened: nothing here uses timers. */
async function settle(): Promise<void> {
  for (let count = 0; count < 50; count++) await turn();
}

describe('PipePrompt', () => {
  test('each line gives its one line of JSON, exactly as DESIGN has it', async () => {
    const pipe = new Pipe();
    pipe.input.end('add_log super test\nget_log 1\nget_log 2\nbad\nget_log x\n\n  \nadd_log last 1');
    await expect(pipe.prompt.ended).resolves.toBe('input-ended');
    const entry =
      `{"index":1,"term":1,"hash":"${'ab'.repeat(32)}","createdAt":1700000000001,` +
      '"log":{"key":"super","value":{"value":"test","nonce":1000}}}';
    const [first, second] = pipe.text.split('\n');
    expect(first).toBe(`{"command":"add_log","ok":true,"result":${entry}}`);
    expect(second).toBe(`{"command":"get_log","ok":true,"result":${entry}}`);
    expect(pipe.short).toEqual([
      'add_log super',
      'get_log super',
      'get_log NOT_FOUND',
      'bad BAD_COMMAND',
      'get_log BAD_ARGUMENT',
      'add_log last',
    ]);
    expect(pipe.text.split('\n')[2]).toMatch(
      /^\{"command":"get_log","ok":false,"error":\{"code":"NOT_FOUND","message":"[^"]+"\}\}$/,
    );
  });

  test('answers keep the order of the lines, whatever order the node answers in', async () => {
    const pipe = new Pipe();
    pipe.node.hold();
    pipe.input.write('add_log a 1\nadd_log b 2\nnonsense\nadd_log c 3\n');
    await settle();
    pipe.node.letGo([2]);
    pipe.node.letGo([1]);
    await settle();
    expect(pipe.text).toBe('');
    pipe.node.letGo();
    await settle();
    expect(pipe.short).toEqual(['add_log a', 'add_log b', 'nonsense BAD_COMMAND', 'add_log c']);
  });

  test('adds wait for no line; what reads the log waits for the adds before it', async () => {
    const pipe = new Pipe();
    pipe.node.hold();
    pipe.input.write('add_log a 1\nget_log 1\nadd_log b 2\nlist 1 1\nadd_log c 3\n');
    await settle();
    expect(pipe.node.calls).toEqual(['push a', 'push b', 'push c']);
    pipe.node.letGo([1]);
    await settle();
    expect(pipe.node.calls).toHaveLength(3);
    pipe.node.letGo([0]);
    await settle();
    // The list waits for no add that comes after it.
    expect(pipe.node.calls.slice(3)).toEqual(['get 1', 'get 1']);
    expect(pipe.short).toEqual(['add_log a']);
    pipe.node.letGo();
    await settle();
    expect(pipe.short).toEqual(['add_log a', 'get_log b', 'add_log b', 'list', 'add_log c']);
  });

  test('info and status hold up no line, and tell how things are when their answer is due', async () => {
    const pipe = new Pipe();
    pipe.node.hold();
    pipe.input.write('add_log a 1\ninfo\nadd_log b 2\nstatus\nadd_log c 3\n');
    await settle();
    expect(pipe.node.calls).toEqual(['push a', 'push b', 'push c']);
    pipe.node.letGo([1, 2]);
    await settle();
    expect(pipe.node.calls).toHaveLength(3);
    pipe.node.letGo();
    await settle();
    expect(pipe.node.calls.slice(3)).toEqual(['info']);
    pipe.node.letGo();
    await settle();
    pipe.node.letGo();
    await settle();
    expect(pipe.node.calls.slice(4)).toEqual(['status']);
    expect(pipe.short).toEqual(['add_log a', 'info', 'add_log b', 'status', 'add_log c']);
    expect(pipe.answers[1]?.result?.index).toBe(3);
  });

  test('a read that waits for an add lacks no room because of the adds after it', async () => {
    const pipe = new Pipe();
    pipe.node.hold();
    pipe.input.write('add_log first v\nget_log 1\n');
    for (let count = 0; count < 20; count++) pipe.input.write(`add_log k ${'v'.repeat(VALUE_BYTES_MAX)}\n`);
    await settle();
    pipe.node.letGo(Array.from({ length: pipe.node.waiting - 1 }, (_, at) => at + 1));
    await settle();
    while (pipe.node.waiting > 0) {
      pipe.node.letGo();
      await settle();
    }
    expect(pipe.answers).toHaveLength(22);
  });

  test(`at most ${COMMANDS_IN_FLIGHT_MAX} commands are in flight; then the input is paused`, async () => {
    const pipe = new Pipe();
    pipe.node.hold();
    for (let count = 0; count < 1000; count++) pipe.input.write(`add_log k${count} v\n`);
    await settle();
    expect(pipe.node.waiting).toBe(COMMANDS_IN_FLIGHT_MAX);
    expect(pipe.input.isPaused()).toBe(true);
    pipe.node.letGo([0]);
    await settle();
    expect(pipe.node.calls).toHaveLength(COMMANDS_IN_FLIGHT_MAX + 1);
    while (pipe.node.waiting > 0) {
      pipe.node.letGo();
      await settle();
    }
    expect(pipe.answers.map(({ result }) => result?.log?.key)).toEqual(
      Array.from({ length: 1000 }, (_, count) => `k${count}`),
    );
  });

  test('large values fill the room for commands before their number does', async () => {
    const pipe = new Pipe();
    pipe.node.hold();
    for (let count = 0; count < 40; count++) pipe.input.write(`add_log k ${'v'.repeat(VALUE_BYTES_MAX)}\n`);
    await settle();
    expect(pipe.node.waiting).toBe(16);
  });

  test('a slow reader of stdout pauses the input', async () => {
    const pipe = new Pipe();
    pipe.slow = true;
    pipe.input.write(`add_log k ${'v'.repeat(100_000)}\n`);
    await settle();
    pipe.input.write('add_log b 1\n');
    await settle();
    expect(pipe.node.calls).toEqual(['push k']);
    pipe.takeWrites();
    await settle();
    expect(pipe.short).toEqual(['add_log k', 'add_log b']);
  });

  describe('a program that does not read', () => {
    const LARGE = '\u0001'.repeat(VALUE_BYTES_MAX);

    async function pipeWithLargeLog(load = new CommandLoad()): Promise<Pipe> {
      const pipe = new Pipe(load);
      await pipe.node.logApi.push('large', { value: LARGE });
      pipe.node.calls.length = 0;
      return pipe;
    }

    test('has a large answer made for it a little at a time, and no more read', async () => {
      const pipe = await pipeWithLargeLog();
      pipe.slow = true;
      pipe.input.write('get_log 1\n'.repeat(200));
      await settle();
      expect(pipe.text.length).toBeLessThan(20 * ANSWER_PIECE_LENGTH);
      const read = pipe.node.calls.length;
      expect(read).toBeLessThanOrEqual(COMMAND_BYTES_IN_FLIGHT_MAX / VALUE_BYTES_MAX);
      await settle();
      expect(pipe.node.calls).toHaveLength(read);
    });

    test('gets all of it when it reads, whole and in order', async () => {
      const pipe = await pipeWithLargeLog();
      pipe.slow = true;
      pipe.input.end('get_log 1\nadd_log k v\nlist 1\nget_log 2\n');
      await settle();
      pipe.takeWrites();
      await expect(pipe.prompt.ended).resolves.toBe('input-ended');
      expect(pipe.short).toEqual(['get_log large', 'add_log k', 'list', 'get_log k']);
      expect(pipe.answers[0]?.result?.log?.value.value === LARGE).toBe(true);
    });

    test('does not stop others, however many such there are', async () => {
      const load = new CommandLoad();
      const unread = await Promise.all(Array.from({ length: 32 }, () => pipeWithLargeLog(load)));
      for (const pipe of unread) {
        pipe.slow = true;
        pipe.input.write('get_log 1\n'.repeat(20));
        pipe.input.write(`add_log k ${LARGE}\n`.repeat(2));
      }
      await settle();
      await settle();
      const taken = unread.reduce((sum, { node }) => sum + node.calls.length, 0);
      expect(taken).toBeLessThanOrEqual(2 * unread.length + COMMAND_BYTES_IN_FLIGHT_MAX / VALUE_BYTES_MAX);
      const other = await pipeWithLargeLog(load);
      other.input.end(`get_log 1\nadd_log k ${LARGE}\n${'add_log s 1\n'.repeat(300)}`);
      await other.prompt.ended;
      expect(other.short.slice(0, 3)).toEqual(['get_log large', 'add_log k', 'add_log s']);
      expect(other.answers).toHaveLength(302);
      for (const pipe of unread) pipe.output.destroy();
    });

    test('and goes away holds nothing any more', async () => {
      const load = new CommandLoad();
      const first = await pipeWithLargeLog(load);
      first.slow = true;
      first.input.write('get_log 1\n'.repeat(200));
      await settle();
      first.output.destroy();
      await first.prompt.ended;
      const second = await pipeWithLargeLog(load);
      second.node.hold();
      second.input.write('get_log 1\n'.repeat(20));
      await settle();
      expect(second.node.waiting).toBe(COMMAND_BYTES_IN_FLIGHT_MAX / READ_BYTES_RESERVED);
    });
  });

  test('answers of one turn are one write', async () => {
    const pipe = new Pipe();
    pipe.node.hold();
    pipe.input.write('add_log k v\n'.repeat(100));
    await settle();
    pipe.node.letGo();
    await settle();
    expect(pipe.answers).toHaveLength(100);
    expect(pipe.writes).toBe(1);
  });

  test('exit: all lines before it are answered, then it is, and nothing after it is done', async () => {
    const pipe = new Pipe();
    pipe.node.hold();
    pipe.input.write('add_log a 1\nexit\nadd_log b 2\n');
    await settle();
    expect(pipe.text).toBe('');
    pipe.node.letGo();
    await expect(pipe.prompt.ended).resolves.toBe('exit');
    expect(pipe.short).toEqual(['add_log a', 'exit']);
    expect(pipe.text).toContain('{"command":"exit","ok":true,"result":{}}\n');
    expect(pipe.node.calls).toEqual(['push a']);
  });

  test('errors of the node keep their code; unexpected ones are INTERNAL, reported, without a stack', async () => {
    const pipe = new Pipe();
    pipe.node.failure = noLeader();
    pipe.input.write('add_log a 1\n');
    await settle();
    pipe.node.failure = new TypeError('cannot read x');
    pipe.input.end('add_log b 1\n');
    await pipe.prompt.ended;
    expect(pipe.short).toEqual(['add_log NO_LEADER', 'add_log INTERNAL']);
    expect(pipe.text).not.toContain('    at ');
    expect(pipe.unexpected).toEqual([pipe.node.failure]);
  });

  test('a closed stdout ends the prompt, without an error and without taking more lines', async () => {
    const pipe = new Pipe();
    pipe.input.write('add_log a 1\n');
    await settle();
    pipe.output.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await expect(pipe.prompt.ended).resolves.toBe('output-closed');
    expect(pipe.input.destroyed).toBe(true);
  });

  test('a line that is too long or not UTF-8 gets its own answer, with its command', async () => {
    const pipe = new Pipe();
    pipe.input.write(`add_log k ${'x'.repeat(LINE_BYTES_MAX)}\n`);
    pipe.input.write(Buffer.from('add_log k \xff\xfe\n', 'latin1'));
    pipe.input.end('add_log k v\n');
    await pipe.prompt.ended;
    expect(pipe.short).toEqual(['add_log TOO_LARGE', 'add_log BAD_ARGUMENT', 'add_log k']);
    expect(pipe.node.entries).toHaveLength(1);
  });

  test('stop takes no more lines and waits for the answers, until its deadline', async () => {
    const pipe = new Pipe();
    pipe.node.hold();
    pipe.input.write('add_log a 1\n');
    await settle();
    const stopped = pipe.prompt.stop(60_000);
    pipe.node.letGo();
    await stopped;
    expect(pipe.short).toEqual(['add_log a']);

    const hanging = new Pipe();
    hanging.node.hold();
    hanging.input.write('add_log a 1\n');
    await settle();
    await hanging.prompt.stop(1);
    expect(hanging.text).toBe('');
  });
});
