import { clusterFingerprint } from '../../config/clusterFingerprint';
import type { ReplicatedMokka } from '../../mokka/ReplicatedMokka';
import { backupCommands } from '../commands/backupCommands';
import { CommandSocket } from './CommandSocket';
import type { CommandLoad } from '../answers/CommandLoad';
import { COMMANDS } from '../commands/CommandTable';

export interface CommandSocketOptions {
  /** The node's own directory, which its store has locked: `npm run cli` and `npm run backup` look for the socket there. */
  readonly dataDirectory: string;
  /** Told of errors that a command is answered with as INTERNAL. By default they are emitted as the node's 'error'. */
  readonly unexpected?: (error: Error) => void;
  /** Shared with the process's other prompts, where there are any. */
  readonly load?: CommandLoad;
}

/**
 * Answers the commands of `npm run cli` and `npm run backup` for a node in this process, until the socket is closed.
 *
 * @throws StartError STORE_FAILED when the socket cannot be made.
 */
export function openCommandSocket(
  mokka: ReplicatedMokka,
  { dataDirectory, unexpected = (error) => mokka.emit('error', error), load }: CommandSocketOptions,
): Promise<CommandSocket> {
  const commands = [
    ...COMMANDS,
    ...backupCommands(mokka.getCommittedLog(), clusterFingerprint(mokka.members)),
  ];
  return CommandSocket.open(
    dataDirectory,
    { node: mokka, commands, ...(load === undefined ? {} : { load }) },
    unexpected,
  );
}
