import { join, resolve } from 'node:path';
import { STATUS_LOOK_MS } from '../limits';
import { makeDirectory } from '../storage/durableFile';
import { clusterCommands, nodeInUse, type ClusterControl } from './clusterCommands';
import { createNonces } from './Nonces';
import type { PromptEnd } from './Prompt';
import { PromptHistory } from './PromptHistory';
import { RemoteNode } from './RemoteNode';
import { wrap } from './render';
import type { Stderr } from './Stderr';
import { TerminalPrompt } from './TerminalPrompt';

/** The terminal's prompt of `npm start`: one node's commands at a time, and a line that tells each change of a state. */
export class ClusterPrompt {
  readonly ended: Promise<PromptEnd>;
  readonly #prompt: TerminalPrompt;
  readonly #nodes: readonly RemoteNode[];
  readonly #control: Omit<ClusterControl, 'use'>;
  readonly #look: NodeJS.Timeout;
  #inUse = 0;
  #states = '';
  #looking = false;

  constructor(stderr: Stderr, control: Omit<ClusterControl, 'use'>) {
    const { stdin, stdout, env } = process;
    const dataDirectory = env['DATA_DIR'] ?? 'data';
    this.#control = control;
    this.#nodes = Array.from(
      { length: control.size },
      (_, index) => new RemoteNode(join(dataDirectory, `node-${index}`), () => control.isRunning(index)),
    );
    const unexpected = (error: Error): void => stderr.writeLine(error.message);
    const historyDirectory = resolve(dataDirectory, 'node-0');
    makeDirectory(historyDirectory);
    const history = new PromptHistory(join(historyDirectory, 'prompt_history'), (error) =>
      stderr.writeLine(`the prompt keeps no history: ${error.message}`),
    );
    const color = (env['NO_COLOR'] ?? '') === '' && stdout.hasColors();
    const context = {
      node: nodeInUse(() => this.#node(this.#inUse)),
      nextNonce: createNonces(Date.now),
      commands: clusterCommands({ ...control, use: (node) => (this.#inUse = node) }),
    };
    this.#prompt = new TerminalPrompt(context, { input: stdin, output: stdout, history, color, unexpected });
    this.ended = this.#prompt.ended;
    if (stderr.stream.isTTY)
      stderr.writeAbove = (text) => this.#prompt.writeAbove(stderr.stream, wrap(text, stdout.columns));
    this.notify(`a cluster of ${control.size} nodes; commands go to node 0: help lists them`);
    this.#look = setInterval(() => void this.#lookAtStates(), STATUS_LOOK_MS).unref();
  }

  notify(text: string): void {
    this.#prompt.notify(text);
  }

  /** As {@link TerminalPrompt.stop}; leaves the terminal as it was. */
  async stop(deadline: number): Promise<void> {
    clearInterval(this.#look);
    await this.#prompt.stop(deadline);
    for (const node of this.#nodes) node.close();
  }

  #node(index: number): RemoteNode {
    const node = this.#nodes[index];
    if (node === undefined) throw new RangeError(`node ${index} of ${this.#nodes.length}`);
    return node;
  }

  /** Tells the states of all nodes in one line, when one has changed. */
  async #lookAtStates(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const states = await Promise.all(this.#nodes.map((_, index) => this.#stateOf(index)));
    this.#looking = false;
    const text = states.map((state, index) => `node ${index} ${state}`).join(', ');
    if (text === this.#states) return;
    this.#states = text;
    this.notify(text);
  }

  async #stateOf(index: number): Promise<string> {
    if (!this.#control.isRunning(index)) return 'down';
    try {
      return (await this.#node(index).getDb().getState().getInfo()).state;
    } catch {
      return 'starting';
    }
  }
}
