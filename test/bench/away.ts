/**
 * `npm run bench away`: three real collectors on the same agents. One is never disturbed; one is killed and comes back after a while; to the third one
 * agent's connection is cut for as long. In the end their logs are compared, byte for byte: all of every window with the killed one, and with the third
 * the node that was cut off, in late frames, and the containers of all others. BENCH_WINDOWS windows are missed (360, an hour of windows of 10 s), with BENCH_AGENTS
 * agents (4) of BENCH_CONTAINERS containers (5).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { diskFolder } from '../../collector/log/disk.ts';
import { findLog, framesFrom } from '../../collector/log/opening.ts';
import { createSender, type Sender } from '../../agents/send/sender.ts';
import { silent } from '../../src/log.ts';
import type { Batch, Frame, LevelTable } from '../../src/model/batch.ts';
import { labelValue } from '../../src/model/labels.ts';
import { systemClock } from '../../src/run/clock.ts';
import { createEncoder } from '../../src/wire/encode.ts';
import { fetchText } from '../support/http.ts';
import { pageOf } from '../support/page.ts';
import { type Forwarder, startForwarder } from './forwarder.ts';
import { syntheticAgents } from './load.ts';
import { costOf, mb, printTable, type Row } from './process.ts';
import { type Program, startProgram } from './programs.ts';

const WINDOW_MS = 500;
const MISSED = Number(process.env.BENCH_WINDOWS ?? 360);
const AGENTS = Number(process.env.BENCH_AGENTS ?? 4);
const CONTAINERS = Number(process.env.BENCH_CONTAINERS ?? 5);
/** The windows are an hour's of such a length, so much faster. */
const USUAL_WINDOW_MS = 10_000;
/** Differences that are written out. */
const SAID = Number(process.env.BENCH_SAID ?? 3);
/** Windows before, and after all is well again. */
const CALM = 20;
/** A busy machine holds agents up, too. */
const LATENESS_MS = Number(process.env.BENCH_LATENESS_MS ?? 5000);

/** A collector with the ways of the agents to it. */
interface Side {
  readonly path: string;
  program: Program;
  readonly ways: readonly Forwarder[];
  readonly senders: readonly Sender[];
}

export async function benchAway(): Promise<void> {
  const folder = mkdtempSync(join(process.env.BENCH_LOG_DIR ?? tmpdir(), 'plimsoll-away-'));
  const sides: Side[] = [];
  try {
    for (const name of ['steady', 'killed', 'cut']) sides.push(await sideAt(join(folder, name)));
    const driven = await drive(sides as [Side, Side, Side]);
    for (const { program } of sides) await program.stop();
    const [steady, killed, cut] = await Promise.all(sides.map(({ path }) => framesAt(join(path, 'collector'))));
    report({ steady: steady as Frame[], killed: killed as Frame[], cut: cut as Frame[] }, driven);
  } finally {
    for (const { program, ways, senders } of sides) {
      await Promise.all(senders.map((sender) => sender.close(0)));
      for (const way of ways) way.close();
      await program.stop();
    }
    rmSync(folder, { recursive: true });
  }
}

async function sideAt(path: string): Promise<Side> {
  const program = await startAt(path);
  const ways = await Promise.all(Array.from({ length: AGENTS }, () => startForwarder(program.url)));
  const senders = ways.map(({ url }, a) => {
    const encoder = createEncoder({ node: `node-${a}`, session: `session-of-node-${a}` });
    const limits = { maxBatches: 100_000, maxBytes: 1e9, timeoutMs: 5000, firstRetryMs: 200, maxRetryMs: 1000 };
    return createSender({ url, encoder, clock: systemClock, log: silent, ...limits });
  });
  return { path, program, ways, senders };
}

function startAt(path: string): Promise<Program> {
  const times = ['--collector.window', `${WINDOW_MS}ms`, '--collector.lateness', `${LATENESS_MS}ms`];
  return startProgram('collector', [...times, '--data_dir', path]);
}

interface Driven {
  /** How long after it was back the killed one was level with the steady one, and the cut one, in seconds. */
  readonly level: readonly [number, number];
  /** The most that the killed one had in memory before, and after its start, and the steady one in all. */
  readonly memory: readonly [before: number, after: number, steady: number];
  /** By side, what its agents and its collector count as dropped. */
  readonly lost: readonly string[];
}

async function drive([steady, killed, cut]: [Side, Side, Side]): Promise<Driven> {
  const sides = [steady, killed, cut];
  const agents = syntheticAgents({ agents: AGENTS, containers: CONTAINERS, metrics: 33 });
  let nextMs = Math.ceil(Date.now() / WINDOW_MS) * WINDOW_MS + WINDOW_MS;
  const ticks = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++, nextMs += WINDOW_MS) {
      await sleep(Math.max(0, nextMs + 50 - Date.now()));
      for (const [a, agent] of agents.entries()) {
        const batch: Batch = { ...agent.batch(nextMs + 40 + a), intervalMs: WINDOW_MS };
        for (const { senders } of sides) senders[a]?.offer(batch);
      }
    }
  };
  await ticks(CALM);
  const before = costOf(killed.program.pid).peakRssBytes;
  process.kill(killed.program.pid, 'SIGKILL');
  cut.ways[0]?.shut();
  await ticks(MISSED);
  cut.ways[0]?.open();
  // Agents go on meanwhile: a pause of all of them would make late what is to be on time at the steady one.
  let settled = false;
  const starting = startAt(killed.path).finally(() => {
    settled = true;
  });
  while (!settled) await ticks(1);
  killed.program = await starting;
  for (const way of killed.ways) way.to(killed.program.url);
  const backMs = Date.now();
  const level: [number, number] = [Number.NaN, Number.NaN];
  for (let i = 0; i < 600 && level.some(Number.isNaN); i++) {
    await ticks(1);
    for (const [s, { senders }] of [killed, cut].entries()) {
      // What is not durable is of windows that are open, and a few.
      const most = Math.max(...senders.map((sender) => sender.stats().queued.batches));
      if (Number.isNaN(level[s]) && most <= 3 + (2 * LATENESS_MS) / WINDOW_MS) level[s] = (Date.now() - backMs) / 1000;
    }
  }
  await ticks(CALM);
  const lost = await Promise.all(sides.map(lostAt));
  const peaks = [killed, steady].map(({ program }) => costOf(program.pid).peakRssBytes) as [number, number];
  return { level, memory: [before, ...peaks], lost };
}

/** A collector that was killed has taken with it what it had counted. */
async function lostAt({ program, senders }: Side): Promise<string> {
  const lost = new Map<string, number>();
  const add = (reason: string, samples: number): void => void lost.set(reason, (lost.get(reason) ?? 0) + samples);
  for (const sender of senders)
    for (const [reason, { samples }] of sender.stats().dropped) add(`agents ${reason}`, samples);
  const page = pageOf((await fetchText(`${program.url}/metrics`)).text);
  for (const { labels, value } of page.all('plimsoll_collector_samples_dropped_total'))
    if (value > 0) add(labels.get('reason') ?? '', value);
  return JSON.stringify(Object.fromEntries(lost));
}

async function framesAt(path: string): Promise<Frame[]> {
  const folder = diskFolder(path);
  const { segments } = await findLog({ folder, log: silent, sinks: [] });
  const frames: Frame[] = [];
  for await (const { frame } of framesFrom(folder, segments, 1)) frames.push(frame);
  return frames;
}

interface Logs {
  readonly steady: readonly Frame[];
  readonly killed: readonly Frame[];
  readonly cut: readonly Frame[];
}

function report({ steady, killed, cut }: Logs, { level: [afterKill, afterCut], memory, lost }: Driven): void {
  const all = (frames: readonly Frame[]) => byWindow(frames, () => true);
  // The last windows were closed by the end, at different moments.
  const last = (steady.at(-1)?.startMs ?? 0) - 2 * LATENESS_MS;
  const ends = (frames: readonly Frame[]) => new Map([...all(frames)].filter(([startMs]) => startMs < last));
  const differing = different(ends(steady), all(killed));
  const away = ['node-0'];
  const own = (row: string, level: string) => away.includes(row) || level === 'container';
  const ofNodes = (frames: readonly Frame[]) =>
    byWindow(frames, (table, r) =>
      own(labelValue((table.rows[r] as LevelTable['rows'][number]).labels, 'node') ?? '', table.level),
    );
  const right = new Map([...ofNodes(steady)].filter(([startMs]) => startMs < last));
  const lateDiffering = different(right, ofNodes(cut));
  printTable(`${MISSED} windows of ${WINDOW_MS} ms away, ${AGENTS} agents × ${CONTAINERS} containers`, [
    {
      what: 'late frames of the steady one: it is no measure if there are any',
      value: String(steady.filter(({ late }) => late).length),
      target: '0',
    },
    { what: 'samples dropped at the steady, the killed, the cut one', value: lost.join(' '), target: '{} {} {}' },
    { what: 'windows compared', value: String(ends(steady).size), target: '' },
    { what: 'of the killed collector, windows that differ', value: String(differing), target: '0' },
    ...caughtUp(afterKill),
    {
      what: 'its memory at most, before / after; the steady one’s',
      value: memory.map(mb).join(' / '),
      target: '',
    },
    { what: 'late frames of the cut agent', value: String(cut.filter(({ late }) => late).length), target: '' },
    { what: 'windows in which its node or any container differs', value: String(lateDiffering), target: '0' },
    ...caughtUp(afterCut),
  ]);
  if (differing + lateDiffering > 0) process.exitCode = 1;
}

/** How fast the missed windows came: beside their own time, and beside that of windows of the usual length. */
function caughtUp(seconds: number): Row[] {
  const times = (windowMs: number) => ((MISSED * windowMs) / 1000 / seconds).toFixed(0);
  return [
    { what: 'level with the present after, s', value: seconds.toFixed(1), target: '' },
    {
      what: '… times their own time / that of windows of 10 s',
      value: `${times(WINDOW_MS)} / ${times(USUAL_WINDOW_MS)}`,
      target: '≥ 20',
    },
  ];
}

/** By window, all that is known in the end, row by row: a late frame adds rows, or puts them in place of others. */
function byWindow(
  frames: readonly Frame[],
  takes: (table: LevelTable, r: number) => boolean,
): Map<number, Map<string, string>> {
  const windows = new Map<number, Map<string, string>>();
  for (const { startMs, tables } of frames) {
    const rows = windows.get(startMs) ?? new Map<string, string>();
    windows.set(startMs, rows);
    for (const table of tables)
      for (const [r, row] of table.rows.entries())
        if (takes(table, r)) {
          const numbers = table.shape.columns.map((_, c) => table.values[c * table.rows.length + r]);
          rows.set(`${table.shape.measurement} ${row.labels.key}`, `${table.timesMs[r]} ${numbers.join(' ')}`);
        }
  }
  return windows;
}

function different(
  right: ReadonlyMap<number, Map<string, string>>,
  got: ReadonlyMap<number, Map<string, string>>,
): number {
  let count = 0;
  for (const [startMs, rows] of right) {
    const others = got.get(startMs) ?? new Map<string, string>();
    const keys = [...new Set([...rows.keys(), ...others.keys()])];
    const differing = keys.filter((key) => others.get(key) !== rows.get(key));
    if (differing.length === 0 || count++ >= SAID) continue;
    const missing = differing.filter((key) => !others.has(key)).length;
    const head = `${new Date(startMs).toISOString()}: of ${rows.size} rows ${differing.length} differ, of them ${missing} are missing`;
    console.log(`${head}; the first, right and got:`);
    const [first = ''] = differing;
    console.log(`  ${first}\n  ${rows.get(first)}\n  ${others.get(first)}`);
  }
  return count;
}
