/**
 * `npm run bench log`: what the log costs: frames of 200 agents × 30 containers × 33 metrics, encoded, appended and synced in a folder of their own (BENCH_LOG_DIR, or the
 * system's for temporary files), and read back. Each frame is written once more without the newest segment's copy, to tell what that one costs. Once with every number moving
 * from window to window, once as on a quiet machine, where 84 % stand still.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyName } from '../../collector/log/copy.ts';
import { diskFolder } from '../../collector/log/disk.ts';
import type { Folder, LogFile } from '../../collector/log/files.ts';
import { framesFrom } from '../../collector/log/opening.ts';
import { type Segment, segmentName } from '../../collector/log/segment.ts';
import { SegmentWriter } from '../../collector/log/writing.ts';
import type { Frame } from '../../src/model/batch.ts';
import { breathe } from '../../src/run/clock.ts';
import { framesOf } from './frames.ts';
import { median, printTable, type Row } from './process.ts';

const LOAD = { agents: 200, containers: 30, metrics: 33 };
/** The first of a segment defines everything; the rest is what it costs for ever. */
const WARM_UP = 3;
const FRAMES = Number(process.env.BENCH_TICKS ?? 30);

export async function benchLog(): Promise<void> {
  for (const quiet of [false, true]) {
    const path = mkdtempSync(join(process.env.BENCH_LOG_DIR ?? tmpdir(), 'plimsoll-log-'));
    try {
      await measure(path, quiet);
    } finally {
      rmSync(path, { recursive: true });
    }
  }
}

async function measure(path: string, quiet: boolean): Promise<void> {
  const twice = new Written(path, 'twice', (folder) => folder);
  const once = new Written(path, 'once', withoutCopies);
  let seq = 0;
  for await (const frame of framesOf({ ...LOAD, quiet, count: WARM_UP + FRAMES })) {
    seq++;
    // Who begins finds the frame cold: in turns.
    for (const one of seq % 2 === 0 ? [twice, once] : [once, twice]) await one.append(seq, frame);
  }
  await twice.close();
  await once.close();
  const before = process.cpuUsage();
  const read = await twice.readBack();
  const { user, system } = process.cpuUsage(before);
  const ratio = median(twice.micros.map((micros, i) => micros / (once.micros[i] as number)));
  printTable(
    `Log: ${FRAMES} frames of ${Math.round(twice.samples / FRAMES)} samples, ${quiet ? 'quiet' : 'all moving'}`,
    [
      row('encode, append and sync, CPU s per million samples', twice.perMillion.toFixed(3), '≤ 0.15'),
      row('the same without the copy', once.perMillion.toFixed(3)),
      row('… with it beside without, median of the frames', ratio.toFixed(3)),
      row('bytes per sample', twice.bytesPerSample.toFixed(3), '≤ 1.2'),
      row(`bytes of the first ${WARM_UP} frames, which define everything`, String(twice.first)),
      row(
        'a window, ms in the middle and at most',
        `${median(twice.ms).toFixed(1)} / ${Math.max(...twice.ms).toFixed(1)}`,
      ),
      row('the same without the copy', `${median(once.ms).toFixed(1)} / ${Math.max(...once.ms).toFixed(1)}`),
      row('read back, CPU s per million samples', ((user + system) / read).toFixed(3)),
    ],
  );
}

/** A log of one segment, and what each frame behind the first ones cost. */
class Written {
  readonly micros: number[] = [];
  readonly ms: number[] = [];
  samples = 0;
  first = 0;
  readonly #folder: Folder;
  readonly #writer: SegmentWriter;
  readonly #segments: Segment[] = [];

  constructor(path: string, name: string, around: (folder: Folder) => Folder) {
    mkdirSync(join(path, name));
    this.#folder = around(diskFolder(join(path, name)));
    const limits = { segmentBytes: 64e6, segmentMs: 3.6e6, segmentSamples: 1e9 };
    const onSegment = (segment: Segment) => void this.#segments.push(segment);
    this.#writer = new SegmentWriter({ folder: this.#folder, breathe, ...limits, onSegment });
  }

  async append(seq: number, { journal = [], ...frame }: Frame): Promise<void> {
    const before = process.cpuUsage();
    const at = performance.now();
    await this.#writer.append([{ seq, frame, journal }]);
    const { user, system } = process.cpuUsage(before);
    if (seq === WARM_UP) this.first = this.#segments[0]?.length ?? 0;
    if (seq <= WARM_UP) return;
    this.ms.push(performance.now() - at);
    this.micros.push(user + system);
    this.samples += frame.samples;
  }

  get perMillion(): number {
    return this.micros.reduce((a, b) => a + b, 0) / this.samples;
  }

  get bytesPerSample(): number {
    return ((this.#segments[0]?.length ?? 0) - this.first) / this.samples;
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  /** Answers how many samples. */
  async readBack(): Promise<number> {
    let samples = 0;
    for await (const { frame } of framesFrom(this.#folder, this.#segments, 1)) samples += frame.samples;
    return samples;
  }
}

/** A folder in which the copy is no file. */
function withoutCopies(folder: Folder): Folder {
  const copy = copyName(segmentName(1));
  const nothing: LogFile = {
    append: async () => undefined,
    readAt: async () => new Uint8Array(0),
    sync: async () => undefined,
    close: async () => undefined,
  };
  return { ...folder, create: async (name) => (name === copy ? nothing : folder.create(name)) };
}

function row(what: string, value: string, target = ''): Row {
  return { what, value, target };
}
