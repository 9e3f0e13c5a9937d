/**
 * A member in a process of its own, told by messages what to do: to be killed, frozen, or watched as it ends.
 * It tells its parent of links and packets as they come.
 */
import type { EventEmitter } from 'node:events';
import { Module } from 'node:module';
import type { TestMember } from './members';

export type Command =
  | { readonly do: 'start'; readonly self: number; readonly members: TestMember[] }
  | { readonly do: 'write'; readonly address: string; readonly bytes: number }
  | { readonly do: 'disconnect' };

export type Report =
  | { readonly is: 'ready' | 'disconnected' }
  | { readonly is: 'link'; readonly connected: boolean }
  | { readonly is: 'packet'; readonly bytes: number; readonly at: number }
  | { readonly is: 'refused'; readonly reason: string };

function report(what: Report): void {
  process.send?.(what);
}

/** Nobody is left to kill this process. */
function leave(): void {
  process.exit(1);
}

async function run(): Promise<void> {
  const replaced = require.resolve('../../../src/mokka/ReplicatedMokka');
  require.cache[replaced] = Object.assign(new Module(replaced), {
    exports: await import('./FakeReplicatedMokka'),
    loaded: true,
  });
  const { startMember } = await import('./members');
  let node: ReturnType<typeof startMember> | undefined;
  process.on('message', (command: Command) => {
    if (command.do === 'start') {
      const self = command.members[command.self];
      if (self === undefined) throw new Error('no such member');
      node = startMember(self, command.members);
      node.on('link', (_publicKey: string, connected: boolean) => report({ is: 'link', connected }));
      node.on('data', (packet: Buffer) => report({ is: 'packet', bytes: packet.length, at: Date.now() }));
      const refused = (reason: string): void => report({ is: 'refused', reason });
      for (const link of node.sockets.values()) link.on('refused', refused);
      const listener = Reflect.get(node, 'listener') as EventEmitter;
      listener.on('refused', (_peer: string, reason: string) => refused(reason));
    } else if (command.do === 'write') node?.write(command.address, Buffer.alloc(command.bytes, 1));
    else {
      process.off('disconnect', leave);
      void node?.disconnect().then(() => {
        report({ is: 'disconnected' });
        process.disconnect();
      });
    }
  });
  process.on('disconnect', leave);
  report({ is: 'ready' });
}

void run();
