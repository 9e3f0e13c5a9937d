import { torture } from '../../torture/torture';

const SECONDS = 30;

test(`${SECONDS} s of kill -9, SIGSTOP, cuts and lost disks on real nodes leave one log that explains all answers`, async () => {
  const seed = Number(process.env['CI_SEED'] ?? 1);
  const said = [`torture --seconds ${SECONDS} --seed ${seed}`];
  const { fault, folder, acknowledged } = await torture({
    seconds: SECONDS,
    seed,
    say: (line) => said.push(line),
  });
  if (fault !== null) throw new Error(`${said.join('\n')}\n${fault}\nkept in ${String(folder)}`);
  expect(acknowledged).toBeGreaterThan(0);
});
