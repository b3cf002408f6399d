/**
 * A process for `killed.test.ts` to kill: a store on a real folder that takes a sample of others with each step, says each one that it has answered for, and seals and
 * merges all the time. In the first argument the folder, in the second the step to go on from.
 */
import { argv, stdout } from 'node:process';
import { StoreCore } from '../../../collector/store/core.ts';
import { Packer } from '../../../collector/store/received/packing.ts';
import { storeFiles } from '../../../collector/store/files.ts';
import { silent } from '../../../src/log.ts';
import type { Frame } from '../../../src/model/batch.ts';
import { labels } from '../../../src/model/labels.ts';
import { frameOf } from './model.ts';

const T0 = 1_800_000_000_000;
const YEAR_MS = 365 * 86_400_000;

export function openAt(path: string): StoreCore {
  return new StoreCore({
    files: storeFiles(path),
    log: silent,
    instance: 'here:9640',
    retention: { single: [YEAR_MS, YEAR_MS, YEAR_MS], group: [YEAR_MS, YEAR_MS, YEAR_MS], maxBytes: 1e12 },
    taking: { acceptAgeMs: YEAR_MS, maxSeries: 1e6 },
    breathe: () => undefined,
    onNoted: () => undefined,
    // Each quarter of an hour, so that there is something to merge.
    fewSamples: 0,
  });
}

function frameAt(n: number): Frame {
  const endMs = T0 + n * 600_000;
  return frameOf(endMs, [{ level: 'container', rows: [{ name: 'a', timeMs: endMs - 1, cells: [n, n, n] }] }]);
}

/** The frames of the log, read anew. */
export function replay(core: StoreCore, upTo: number): void {
  for (let n = Math.max(1, core.firstSeq); n <= upTo; n++) {
    if (n >= core.nextSeq) core.push(n, frameAt(n));
    else core.prime(frameAt(n));
  }
}

if (argv[2] !== undefined && argv[3] !== undefined && argv[1]?.includes('killed')) {
  const core = openAt(argv[2]);
  const from = Number(argv[3]);
  const packer = new Packer();
  replay(core, from - 1);
  for (let n = from; ; n++) {
    const nowMs = T0 + n * 600_000 + 2000;
    core.push(n, frameAt(n));
    const series = {
      labels: labels([['__name__', 'x']]),
      timesMs: Float64Array.of(T0 + n * 600_000),
      values: Float64Array.of(n),
    };
    core.receiving.take([{ series: packer.pack([series]), info: [] }], nowMs);
    stdout.write(`${n}\n`);
    core.tend(nowMs);
    core.tend(nowMs + 1000);
  }
}
