import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { StartError } from '../../errors';
import { SOCKET_CLIENTS_MAX, SOCKET_IDLE_MS_MAX, STOP_ANSWERS_MS_MAX } from '../../limits';
import { CommandLoad } from '../answers/CommandLoad';
import type { CommandContext } from '../commands/CommandTable';
import { PipePrompt } from '../lines/PipePrompt';
import { listenPrivately, removeSocket } from './privateSocket';

/** The socket's name in the node's data directory. */
export const SOCKET_NAME = 'commands.sock';

/**
 * The commands for programs of this machine: a Unix socket in the data directory, on which each connection is what a
 * pipe at stdin is, lines in and a line of JSON out for each. `exit` ends the connection, not the node.
 */
export class CommandSocket {
  /** The sockets of this process, which has locked their directories: nobody else can have one there. */
  private static readonly paths = new Set<string>();
  private readonly prompts = new Set<PipePrompt>();
  private listens = true;

  private constructor(
    private readonly server: Server,
    private readonly path: string,
    private readonly context: CommandContext,
    private readonly unexpected: (error: Error) => void,
  ) {
    server.on('connection', (socket) => void this.serve(socket));
    // An accept that fails (no file descriptors left) costs that client its answer, not the node its life.
    server.on('error', () => undefined);
  }

  /**
   * Listens in the directory, which this process must have locked, for its owner alone. A socket that a dead process
   * left is replaced.
   *
   * @throws StartError STORE_FAILED when the socket cannot be made.
   */
  static async open(
    directory: string,
    context: CommandContext,
    unexpected: (error: Error) => void,
  ): Promise<CommandSocket> {
    // Half-open: a client may end its input and then read the answers.
    const path = join(directory, SOCKET_NAME);
    if (CommandSocket.paths.has(path))
      throw new StartError('STORE_FAILED', `this process listens on ${path} already: stop that socket first`);
    const server = createServer({ allowHalfOpen: true });
    server.maxConnections = SOCKET_CLIENTS_MAX;
    CommandSocket.paths.add(path);
    try {
      await listenPrivately(server, directory, SOCKET_NAME);
    } catch (thrown) {
      CommandSocket.paths.delete(path);
      throw thrown;
    }
    return new CommandSocket(server, path, { load: new CommandLoad(), ...context }, unexpected);
  }

  /** Takes no more lines. Resolves when those taken are answered and written, or after `deadline` ms. */
  async stop(deadline = STOP_ANSWERS_MS_MAX): Promise<void> {
    if (this.listens) {
      this.listens = false;
      removeSocket(this.path);
      CommandSocket.paths.delete(this.path);
      this.server.close();
    }
    await Promise.all([...this.prompts].map((prompt) => prompt.stop(deadline)));
  }

  private async serve(socket: Socket): Promise<void> {
    // A stream of its own: a prompt that takes no more input destroys it, and the answers are still to be written.
    const input = new PassThrough();
    const { context, unexpected } = this;
    socket.on('error', () => undefined);
    socket.setTimeout(SOCKET_IDLE_MS_MAX, () => socket.destroy());
    socket.once('close', () => input.destroy());
    socket.pipe(input);
    const prompt = new PipePrompt(context, { input, output: socket, unexpected });
    this.prompts.add(prompt);
    await prompt.ended;
    this.prompts.delete(prompt);
    socket.end();
    // Whatever it still sends is not read.
    socket.resume();
  }
}
