import { join, resolve } from 'node:path';
import { escapeControls } from '../../escapeControls';
import type { NodeInfo } from '../../api';
import { makeDirectory } from '../../storage/directory/durableFile';
import { asStoreFailed } from '../../storage/unusable';
import { clusterCommands, nodeInUse, type ClusterControl } from './clusterCommands';
import { ClusterWatch } from './ClusterWatch';
import type { PromptEnd } from '../lines/Prompt';
import { PromptHistory } from '../terminal/PromptHistory';
import { RemoteNode } from './RemoteNode';
import { wrap } from '../render/render';
import { renderClusterState } from './renderClusterState';
import type { Stderr } from '../process/Stderr';
import { TerminalPrompt } from '../terminal/TerminalPrompt';

/** The terminal's prompt of `npm start`: one node's commands at a time, and a status line with the states of all. */
export class ClusterPrompt {
  readonly ended: Promise<PromptEnd>;
  private readonly prompt: TerminalPrompt;
  private readonly nodes: readonly RemoteNode[];
  private readonly watch: ClusterWatch;
  private inUse = 0;

  constructor(stderr: Stderr, control: Omit<ClusterControl, 'use'>) {
    const { stdin, stdout, env } = process;
    const dataDirectory = env['DATA_DIR'] ?? 'data';
    this.nodes = Array.from(
      { length: control.size },
      (_, index) => new RemoteNode(join(dataDirectory, `node-${index}`), () => control.isRunning(index)),
    );
    const unexpected = (error: Error): void => stderr.writeLine(escapeControls(error.message));
    const historyDirectory = resolve(dataDirectory, 'node-0');
    try {
      makeDirectory(historyDirectory);
    } catch (error) {
      throw asStoreFailed(error, `cannot use ${historyDirectory}`);
    }
    const history = new PromptHistory(join(historyDirectory, 'prompt_history'), (error) =>
      stderr.writeLine(escapeControls(`the prompt keeps no history: ${error.message}`)),
    );
    const color = (env['NO_COLOR'] ?? '') === '' && stdout.hasColors();
    this.watch = new ClusterWatch(this.nodes, (state) => {
      // Where the cursor cannot be moved there is no line under the one being typed.
      if (env['TERM'] !== 'dumb') this.prompt.showStatus((style) => renderClusterState(state, style));
    });
    const context = {
      node: nodeInUse(() => this.node(this.inUse)),
      commands: clusterCommands({ ...control, use: (node) => (this.inUse = node) }),
    };
    const look = (): NodeInfo | null => this.watch.infoOf(this.inUse);
    const environment = { input: stdin, output: stdout, history, color, unexpected, look };
    this.prompt = new TerminalPrompt(context, environment);
    this.ended = this.prompt.ended;
    if (stderr.stream.isTTY)
      stderr.writeAbove = (text) => this.prompt.writeAbove(stderr.stream, wrap(text, stdout.columns));
    this.notify(`a cluster of ${control.size} nodes; commands go to node 0: help lists them`);
  }

  notify(text: string): void {
    this.prompt.notify(text);
  }

  /** As {@link TerminalPrompt.stop}; leaves the terminal as it was. */
  async stop(deadline: number): Promise<void> {
    this.watch.stop();
    await this.prompt.stop(deadline);
    for (const node of this.nodes) node.close();
  }

  private node(index: number): RemoteNode {
    const node = this.nodes[index];
    if (node === undefined) throw new RangeError(`node ${index} of ${this.nodes.length}`);
    return node;
  }
}
