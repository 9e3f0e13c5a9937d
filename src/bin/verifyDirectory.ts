/** What `mokka-cluster verify` starts: checks the directory that its one argument names, and tells of it. */
import { verifyStore, type VerifyProgress } from '../storage/lmdb/verifyStore';
import { endWithError } from './endWithError';
import { watchOutput } from './watchOutput';

const MEGABYTE = 1_000_000;

const verify = async (directory: string): Promise<void> => {
  const begun = performance.now();
  const inTerminal = process.stderr.isTTY;
  const speed = (bytes: number): string =>
    `${Math.round(bytes / MEGABYTE / Math.max((performance.now() - begun) / 1000, 0.001))} MB/s`;
  const show = ({ position, last, bytes }: VerifyProgress): void => {
    const percent = Math.floor((100 * position) / last);
    process.stderr.write(`\r${String(percent).padStart(3)} % of ${last} entries, ${speed(bytes)}  `);
  };
  try {
    const { entries, logs, headHash, bytes } = await verifyStore(
      directory,
      inTerminal ? show : () => undefined,
    );
    const size = (bytes / MEGABYTE).toFixed(1);
    if (inTerminal) process.stderr.write('\r\x1b[K');
    console.log(`whole: ${entries} entries, ${logs} of them logs, ${size} MB at ${speed(bytes)}`);
    console.log(`head hash ${headHash}`);
  } catch (thrown) {
    if (inTerminal) process.stderr.write('\n');
    throw thrown;
  }
};

watchOutput();
verify(process.argv[2] ?? '').catch(endWithError);
