/** What `mokka-cluster verify` starts: checks the directory that its one argument names, and tells of it. */
import { grouped, ProgressLine } from '../cli/process/ProgressLine';
import { verifyStore } from '../storage/lmdb/verifyStore';
import { endWithError } from '../cli/shell/programFailure';
import { watchOutput } from '../cli/process/watchOutput';

const MEGABYTE = 1_000_000;

/** How much was read, and how fast; of less than a megabyte no speed can be told. */
const describeRead = (bytes: number, seconds: number): string =>
  bytes < MEGABYTE
    ? `${grouped(bytes)} bytes`
    : `${(bytes / MEGABYTE).toFixed(1)} MB at ${Math.max(1, Math.round(bytes / MEGABYTE / seconds))} MB/s`;

const verify = async (directory: string): Promise<void> => {
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  const progress = new ProgressLine();
  try {
    const { entries, logs, headHash, bytes } = await verifyStore(directory, (so) =>
      progress.count(so.index, so.last, 'entries', `, ${describeRead(so.bytes, seconds())}`),
    );
    progress.clear();
    console.log(`whole: ${entries} entries, ${logs} of them logs, ${describeRead(bytes, seconds())}`);
    console.log(`head hash ${headHash}`);
  } finally {
    progress.clear();
  }
};

watchOutput();
verify(process.argv[2] ?? '').catch(endWithError);
