/**
 * `npx ts-node scripts/hops.ts`: the functions of src/mokka and src/entry through which one push at a follower goes, in
 * a quiet simulated cluster of three, by V8's precise coverage. Whoever reads the way of an add_log reads these.
 */
import { Session, type Profiler } from 'node:inspector';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Clients } from '../test/simulation/simulator/Clients';
import { inMacrotask } from '../test/simulation/simulator/world/microtasks';
import { inSimulatedWorld } from '../test/simulation/simulator/world/inSimulatedWorld';
import { QUIET_CLUSTER, SimulatedCluster } from '../test/simulation/simulator/SimulatedCluster';
import { Trace } from '../test/simulation/simulator/checks/Trace';

/** Simulated times, µs. */
const FORMED_WITHIN = 10_000_000;
const ANSWERED_WITHIN = 1_000_000;

/** The one of so many pushes is told in which the fewest functions ran: no tick and no heartbeat came in between. */
const PUSHES = 50;
const PAUSE = 17_300;

const root = fileURLToPath(new URL('..', pathToFileURL(__filename)));

function main(): void {
  const session = new Session();
  session.connect();
  const post = (method: string, parameters?: object): void => session.post(method, parameters);
  const cluster = new SimulatedCluster({ ...QUIET_CLUSTER, seed: 1, size: 3 }, new Trace(false));
  const clients = new Clients(cluster);
  let fewest: Hops | null = null;
  inSimulatedWorld(cluster, { realArithmetic: false }, () => {
    for (const node of cluster.nodes) cluster.start(node);
    cluster.runUntil(FORMED_WITHIN);
    const follower = cluster.nodes.find((node) => node !== cluster.leader);
    if (follower === undefined) throw new Error('no follower');
    post('Profiler.enable');
    post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    for (let number = 0; number < PUSHES; number++) {
      cluster.runUntil(cluster.now + PAUSE);
      post('Profiler.takePreciseCoverage');
      push(cluster, clients, follower);
      session.post('Profiler.takePreciseCoverage', (_, { result }) => {
        const hops = new Hops(result);
        if (fewest === null || hops.functions < fewest.functions) fewest = hops;
      });
    }
    post('Profiler.stopPreciseCoverage');
  });
  (fewest as Hops | null)?.print();
}

function push(cluster: SimulatedCluster, clients: Clients, node: number): void {
  const record = clients.push({
    value: 'value',
    named: null,
    nodes: [node],
    deadline: 1000,
    patience: ANSWERED_WITHIN,
  });
  if (!cluster.runUntil(cluster.now + ANSWERED_WITHIN, () => record.index !== null))
    throw new Error('the push was not answered');
}

/** What was called, by file. */
class Hops {
  functions = 0;
  private calls = 0;
  private readonly files = new Map<string, string[]>();

  constructor(coverage: readonly Profiler.ScriptCoverage[]) {
    for (const { url, functions } of coverage) {
      const path = relative(root, url.startsWith('file:') ? fileURLToPath(url) : url);
      if (!path.startsWith('src/mokka/') && !path.startsWith('src/entry/')) continue;
      const names = new Set(functions.map(({ functionName }) => functionName));
      for (const { functionName: name, ranges } of functions)
        if (!isOfCompiler(name, names)) this.add(path, name, ranges[0]?.count ?? 0);
    }
  }

  print(): void {
    for (const [path, called] of [...this.files].sort(([a], [b]) => (a < b ? -1 : 1)))
      console.log(`${path} (${called.length}): ${called.join(', ')}`);
    console.log(`${this.functions} functions, ${this.calls} calls, ${this.files.size} files`);
  }

  private add(path: string, name: string, count: number): void {
    if (count === 0) return;
    this.functions++;
    this.calls += count;
    const called = this.files.get(path) ?? [];
    called.push(`${name === '' ? '=>' : name} ${count}`);
    this.files.set(path, called);
  }
}

/** Whether no reader sees it: the compiler exports `x` by a function `get x`, and a class sets its fields in one. */
function isOfCompiler(name: string, names: ReadonlySet<string>): boolean {
  if (name === 'get' || name === '<instance_members_initializer>') return true;
  return /^get [A-Z]/.test(name) || (name.startsWith('get ') && names.has(name.slice('get '.length)));
}

void inMacrotask(main);
