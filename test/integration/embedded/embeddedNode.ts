/**
 * A node in a program of its own, as the README's "As a library" has it: told over IPC where to listen, with whom to
 * connect, and how much to push.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createLogger } from 'bunyan';
import { DurableLogStore, TCPMokka } from '../../../src';
import { toError } from '../../../src/errors';

/** What the program's node is. */
export interface EmbeddedSettings {
  readonly address: string;
  readonly members: readonly string[];
  readonly directory: string;
  readonly clusterId: string;
  readonly publicKey: string;
  readonly secretKey: string;
  readonly privateKey: string;
  readonly heartbeat: number;
  readonly electionTimeout: number;
}

export type Order =
  | { readonly do: 'connect'; readonly settings: EmbeddedSettings }
  | { readonly do: 'push'; readonly count: number }
  | { readonly do: 'pushInTurn'; readonly count: number }
  | { readonly do: 'look' };

/** How many pushes ended with which code, 'ok' for those that were committed. */
export interface Pushed {
  readonly codes: Readonly<Record<string, number>>;
  /** Whether some were refused as BUSY after others had been committed. */
  readonly wasLate: boolean;
}

export interface Sight {
  readonly leader: number | null;
  readonly term: number;
  readonly index: number;
  /** The longest time for which the program's event loop was held up so far, ms. */
  readonly heldUpMs: number;
}

export type News =
  | { readonly is: 'ready' | 'connected' }
  | ({ readonly is: 'pushed' } & Pushed)
  | ({ readonly is: 'seen' } & Sight)
  | { readonly is: 'failed'; readonly reason: string };

const loopDelay = monitorEventLoopDelay({ resolution: 20 });
loopDelay.enable();

/** Far beyond what the slowest machine needs. */
const DEADLINE_MS = 120_000;

async function connect(settings: EmbeddedSettings): Promise<TCPMokka> {
  const { directory, clusterId, publicKey, ...rest } = settings;
  const store = await DurableLogStore.open({ directory, clusterId, publicKey });
  const logger = createLogger({ name: 'embedded', level: 'fatal' });
  const mokka = new TCPMokka({ ...rest, store, logger });
  mokka.on('fatal', (error: Error) => tell({ is: 'failed', reason: error.message }));
  for (const member of settings.members) mokka.nodeApi.join(member);
  mokka.connect();
  return mokka;
}

class Burst {
  readonly codes: Record<string, number> = {};
  wasLate = false;

  constructor(private readonly mokka: TCPMokka) {}

  async push(number: number): Promise<void> {
    let code = 'ok';
    const value = { value: `value ${number}` };
    try {
      await this.mokka.logApi.push(`key ${number}`, value, { deadline: DEADLINE_MS });
    } catch (thrown) {
      code = String(Reflect.get(toError(thrown), 'code'));
    }
    this.codes[code] = (this.codes[code] ?? 0) + 1;
    this.wasLate ||= code === 'BUSY' && this.codes['ok'] !== undefined;
  }
}

async function obey(mokka: TCPMokka, order: Exclude<Order, { do: 'connect' }>): Promise<News> {
  if (order.do === 'look') {
    const { leader, currentTerm: term, index } = await mokka.getDb().getState().getInfo();
    return { is: 'seen', leader, term, index, heldUpMs: loopDelay.max / 1e6 };
  }
  const burst = new Burst(mokka);
  if (order.do === 'pushInTurn')
    for (let number = 0; number < order.count; number++) await burst.push(number);
  else await Promise.all(Array.from({ length: order.count }, (_, number) => burst.push(number)));
  return { is: 'pushed', codes: burst.codes, wasLate: burst.wasLate };
}

function tell(news: News): void {
  process.send?.(news);
}

let node: Promise<TCPMokka> | undefined;

async function take(order: Order): Promise<void> {
  try {
    if (order.do === 'connect') {
      node = connect(order.settings);
      await node;
      tell({ is: 'connected' });
    } else if (node !== undefined) tell(await obey(await node, order));
  } catch (thrown) {
    tell({ is: 'failed', reason: toError(thrown).message });
  }
}

process.on('message', (order: Order) => void take(order));
// Nobody is left to kill this process.
process.on('disconnect', () => process.exit(1));
tell({ is: 'ready' });
