/**
 * What the store costs beside the log: windows of BENCH_CONTAINERS (2 000) containers × 75 columns over BENCH_MINUTES (15), unsealed, through the real aggregation
 * and the real log in a temporary folder, with the store's thread reading. 84 % of the numbers stand still from window to window. Of memory it tells what
 * one process has with the store and another one without it. BENCH_LOG_DIR says where.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskFolder } from '../../collector/log/disk.ts';
import { type Keeping, openLog } from '../../collector/log/keeping.ts';
import { DEFAULT_LIMITS } from '../../collector/query/engine.ts';
import { type KeptStore, startStore } from '../../collector/store/store.ts';
import { silent } from '../../src/log.ts';
import type { Frame } from '../../src/model/batch.ts';
import { breathe, type Clock, systemClock } from '../../src/run/clock.ts';
import { costOf, mb, median, printTable, type Row } from './process.ts';
import { stillWindows } from './stillwindows.ts';

const CONTAINERS = Number(process.env.BENCH_CONTAINERS ?? 2000);
const WINDOWS = 6 * Number(process.env.BENCH_MINUTES ?? 15) - 1;
const PER_AGENT = 30;
/** Begins where a quarter of an hour does, so that nothing is sealed before it is told to. */
const START_MS = 1_749_999_600_000;
const DAY_MS = 86_400_000;
/** Set for the process that does without. */
const WITHOUT = 'BENCH_WITHOUT_STORE';

const LIMITS = {
  maxBytes: 4e9,
  maxAgeMs: DAY_MS,
  segmentBytes: 16e6,
  segmentMs: 3.6e6,
  segmentSamples: 12e6,
  heldFrames: 60,
  heldSamples: 10e6,
  whenFull: 'drop_oldest',
} as const;

const QUESTIONS = [
  'up',
  'sum(rate(container_cpu_usage_seconds_total[5m]))',
  'topk(5, container_memory_working_set_bytes)',
  'container_memory_working_set_bytes{node="node-1"}',
];

export async function benchStore(): Promise<void> {
  const path = mkdtempSync(join(process.env.BENCH_LOG_DIR ?? tmpdir(), 'plimsoll-store-'));
  mkdirSync(join(path, 'store'));
  try {
    if (process.env[WITHOUT] !== undefined) {
      await new Bench(path).fill();
      console.log(resident());
    } else await new Bench(path).run(residentWithout());
  } finally {
    rmSync(path, { recursive: true });
  }
}

/** The same without the store, in a process of its own. */
function residentWithout(): number {
  const [node, ...args] = [process.execPath, ...process.execArgv, process.argv[1] as string, 'store'];
  const { stdout } = spawnSync(node as string, args, { env: { ...process.env, [WITHOUT]: '1' }, encoding: 'utf8' });
  return Number(stdout.trim());
}

/** What is left when the collector of garbage has been, if it may be asked: `node --expose-gc`. */
function resident(): number {
  globalThis.gc?.();
  return costOf(process.pid).rssBytes;
}

class Bench {
  readonly #path: string;
  readonly #clock: Clock = { ...systemClock, now: () => this.#nowMs };
  #nowMs = START_MS;
  #samples = 0;
  /** CPU and wall time of the main thread, by window: with the log alone, and what the store adds is in it. */
  readonly #windowMs: number[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  async run(without: number): Promise<void> {
    const before = new Set(threads());
    const kept = await this.#open();
    // Threads of the pool begin with the first file; the store's is what comes after.
    const pool = new Set(threads());
    const store = await this.#start(kept);
    const own = threads().filter((thread) => !before.has(thread) && !pool.has(thread));
    await this.fill(kept, store);
    const taking = cpuOf(own);
    const withStore = resident();
    const inHead = await this.#ask(store);
    await store.close();
    const recovery = await this.#recover(kept);
    const sealed = await this.#seal(recovery.store);
    const fromParts = await this.#ask(recovery.store);
    const { bytes } = await recovery.store.stats();
    await recovery.store.close();
    await kept.close();
    const million = this.#samples / 1e6;
    printTable(
      `Store: ${CONTAINERS} containers, ${WINDOWS} windows, ${million.toFixed(1)} million samples; load average ${loadavg()[0]?.toFixed(1)}`,
      [
        row('main thread per window, ms', median(this.#windowMs).toFixed(1)),
        row('store’s thread while windows come, CPU s', taking.toFixed(2)),
        row('the same per million samples', (taking / million).toFixed(3)),
        row('resident with the store', mb(withStore)),
        row('more than without it', mb(withStore - without)),
        row('recovery, CPU s', recovery.cpu.toFixed(2)),
        row('recovery, wall s', recovery.wall.toFixed(2)),
        row('seal, CPU s', sealed.cpu.toFixed(2)),
        row('seal, wall s', sealed.wall.toFixed(2)),
        row('`up` while sealing, longest, ms', sealed.longest.toFixed(0)),
        row('bytes per sample, sealed', (bytes / this.#samples).toFixed(3)),
        ...QUESTIONS.map((query, i) =>
          row(`${query}, ms in the head / sealed`, `${inHead[i]?.toFixed(1)} / ${fromParts[i]?.toFixed(1)}`),
        ),
      ],
    );
  }

  /** All windows through the log; with a store, until it has read them. */
  async fill(given?: Keeping, store?: KeptStore): Promise<void> {
    const kept = given ?? (await this.#open());
    for await (const frame of frames()) {
      const { journal, ...rest } = frame;
      const from = performance.now();
      kept.log.offer(rest, journal);
      await kept.log.settle();
      this.#windowMs.push(performance.now() - from);
      this.#samples += frame.samples;
      this.#nowMs = frame.endMs;
    }
    await store?.settle();
    if (given === undefined) await kept.close();
  }

  #open(): Promise<Keeping> {
    return openLog({
      folder: diskFolder(this.#path),
      clock: this.#clock,
      log: silent,
      breathe,
      limits: LIMITS,
      sinks: [],
    });
  }

  #start({ log }: Keeping): Promise<KeptStore> {
    return startStore({
      frames: log,
      clock: this.#clock,
      log: silent,
      thread: {
        path: join(this.#path, 'store'),
        logPath: this.#path,
        instance: 'localhost:9640',
        retention: { single: [DAY_MS, DAY_MS, DAY_MS], group: [DAY_MS, DAY_MS, DAY_MS], maxBytes: 4e9 },
        taking: { acceptAgeMs: DAY_MS, maxSeries: 100 },
        limits: DEFAULT_LIMITS,
      },
    });
  }

  async #recover(kept: Keeping): Promise<Took & { readonly store: KeptStore }> {
    const cpu = process.cpuUsage();
    const from = performance.now();
    const store = await this.#start(kept);
    await store.settle();
    return { store, ...took(cpu, from) };
  }

  async #seal(store: KeptStore): Promise<Took & { readonly longest: number }> {
    const cpu = process.cpuUsage();
    const from = performance.now();
    let longest = 0;
    let done = false;
    const sealing = store.settle(true).finally(() => (done = true));
    while (!done) longest = Math.max(longest, await this.#time(store, 'up'));
    await sealing;
    return { longest, ...took(cpu, from) };
  }

  async #ask(store: KeptStore): Promise<number[]> {
    const times: number[] = [];
    for (const query of QUESTIONS) {
      const runs: number[] = [];
      for (let i = 0; i < 5; i++) runs.push(await this.#time(store, query));
      times.push(median(runs));
    }
    return times;
  }

  async #time(store: KeptStore, query: string): Promise<number> {
    const from = performance.now();
    const { series } = await store.query({ query, startMs: this.#nowMs, endMs: this.#nowMs, stepMs: 0 });
    if (series.length === 0) throw new Error(`nothing for ${query}`);
    return performance.now() - from;
  }
}

interface Took {
  readonly cpu: number;
  readonly wall: number;
}

function took(before: NodeJS.CpuUsage, from: number): Took {
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1e6, wall: (performance.now() - from) / 1000 };
}

function frames(): AsyncGenerator<Frame> {
  return stillWindows({ containers: CONTAINERS, perAgent: PER_AGENT, windows: WINDOWS, startMs: START_MS });
}

function threads(): string[] {
  return readdirSync('/proc/self/task');
}

/** Seconds of CPU that some of the process's threads have used, in hundredths. */
function cpuOf(own: readonly string[]): number {
  return own.reduce((sum, thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) / 100;
  }, 0);
}

function row(what: string, value: string): Row {
  return { what, value, target: '' };
}
