import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Logger from 'bunyan';
import type { NodeConfig } from '../../src/config/ClusterConfig';
import { NodeMetrics } from '../../src/metrics/NodeMetrics';
import { openDoors } from '../../src/openDoors';
import { LoneNode } from './mokka/LoneNode';

test('a node that stops does not watch its event loop any more', async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'mokka-doors-'));
  const close = jest.spyOn(NodeMetrics.prototype, 'close');
  const logger = { info: () => undefined } as unknown as Logger;
  const config = { dataDirectory, http: { port: 0 } } as unknown as NodeConfig;
  const doors = await openDoors(new LoneNode(), config, logger, {});
  expect(close).not.toHaveBeenCalled();
  for (const deadline of [0, 0]) await doors.stop(deadline);
  expect(close).toHaveBeenCalled();
  rmSync(dataDirectory, { recursive: true });
});
