/**
 * One agent of the fault harness, a process of its own: readings by arithmetic, sent with the program's own sender, with its spool on disk. What it
 * has read it notes in a journal before it offers it; how its sender stands, in a status file. The harness kills it as it likes.
 */
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { createDisk } from '../../agents/send/disk.ts';
import { createSender, type Sender } from '../../agents/send/sender.ts';
import { cpu } from '../../src/catalog/cpu.ts';
import { memory } from '../../src/catalog/memory.ts';
import { createLog } from '../../src/logging.ts';
import type { Batch, FamilyTable } from '../../src/model/batch.ts';
import type { Family } from '../../src/model/family.ts';
import { labels, NO_LABELS } from '../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../src/model/table.ts';
import { systemClock } from '../../src/run/clock.ts';
import { createEncoder } from '../../src/wire/encode.ts';
import { type Cast, counterOf, gaugeOf, nameOf, serviceOf, timeOf } from './arithmetic.ts';

export interface AgentSettings {
  readonly cast: Cast;
  readonly node: number;
  readonly url: string;
  readonly folder: string;
  readonly journal: string;
  readonly status: string;
}

/** A line of the journal. `stampMs`: the tick's time by the agent's own clock. */
export interface JournalLine {
  readonly tick: number;
  readonly stampMs: number;
  readonly session: string;
  readonly seq: number;
}

export interface AgentStatus {
  readonly pid: number;
  readonly session: string;
  readonly offered: number;
  readonly acknowledged: number;
  readonly queued: number;
  readonly queuedBatches: number;
  readonly spooledBatches: number;
  readonly spoolErrors: number;
  /** Files of the spool that were found damaged. */
  readonly spoolDamaged: number;
  /** Samples by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

const STATUS_MS = 100;

const settings = JSON.parse(readFileSync(process.argv[2] as string, 'utf8')) as AgentSettings;
await run(settings);

async function run({ cast, node, url, folder, journal, status }: AgentSettings): Promise<void> {
  const name = cast.nodes[node] as string;
  const session = randomUUID();
  const log = createLog({ level: 'info', format: 'json', stream: process.stderr });
  const disk = createDisk({ folder, maxBytes: 64e6, maxAgeMs: 7 * 86400_000, now: () => systemClock.now() });
  const { left, damaged } = await disk.open().catch((error: unknown) => {
    log.warn({ err: error }, 'the spool cannot be opened');
    return { left: [], damaged: [] };
  });
  const sender = createSender({
    ...{ url, timeoutMs: 1000, disk, left, damaged: damaged.length, clock: systemClock, log },
    ...{ firstRetryMs: 100, maxRetryMs: 800, slowRetryMs: 800, maxBatches: 10_000, maxBytes: 64e6 },
    spill: { tickMs: cast.windowMs },
    encoder: createEncoder({ node: name, session }),
  });
  const rows = rowsOf(cast, name);
  let seq = 0;
  let last = tickNow(cast);
  const look = (): void => {
    const tick = tickNow(cast);
    if (tick <= last) return;
    // Ticks that were missed, because the process stood still, are missed.
    last = tick;
    const line: JournalLine = { tick, stampMs: timeOf(tick, cast) + clockOffset(), session, seq: ++seq };
    appendFileSync(journal, `${JSON.stringify(line)}\n`);
    sender.offer(batchOf({ cast, node, rows, line }));
  };
  const looking = setInterval(look, 5);
  setInterval(() => say(status, session, sender), STATUS_MS);
  say(status, session, sender);
  process.once('SIGTERM', () => {
    // As an agent does: what is read while it stops would be dropped, and nobody be told.
    clearInterval(looking);
    void sender.close(500).then(() => {
      say(status, session, sender);
      process.exit(0);
    });
  });
}

/** The tick whose moment has come last. */
function tickNow(cast: Cast): number {
  return Math.floor((trueNow() - cast.windowMs / 2) / cast.windowMs);
}

/** Unix milliseconds, whatever the clock of this process has been told. */
function trueNow(): number {
  return performance.timeOrigin + performance.now();
}

/** Clocks are set by whole hours; two of one process agree to less than a second. */
function clockOffset(): number {
  return Math.round((systemClock.now() - trueNow()) / 1000) * 1000;
}

function rowsOf(cast: Cast, node: string): EntityRow[] {
  const startMs = timeOf(cast.zero, cast) - 60_000;
  return Array.from({ length: cast.containers }, (_, c) => {
    const { project, service } = serviceOf(node, c);
    const own = labels([
      ['name', nameOf(node, c)],
      ['container_label_com_docker_compose_project', project],
      ['container_label_com_docker_compose_service', service],
    ]);
    return entityRow({ key: nameOf(node, c), kind: 'container', startMs, labels: own }, NO_LABELS);
  });
}

interface Reading {
  readonly cast: Cast;
  readonly node: number;
  readonly rows: readonly EntityRow[];
  readonly line: JournalLine;
}

function batchOf({ cast, node, rows, line: { tick, stampMs, session, seq } }: Reading): Batch {
  const table = (shape: Family, column: number, value: (container: number) => number): FamilyTable => {
    const values = new Float64Array(rows.length * shape.columns.length).fill(Number.NaN);
    for (let c = 0; c < rows.length; c++) values[column * rows.length + c] = value(c);
    return { shape, rows, timesMs: new Float64Array(rows.length).fill(stampMs), values };
  };
  return {
    ...{ node: cast.nodes[node] as string, session, seq, timeMs: stampMs, intervalMs: cast.windowMs },
    tables: [
      table(cpu, cpu.at.usage, (container) => counterOf({ node, container, tick }, cast)),
      table(memory, memory.at.usage, (container) => gaugeOf({ node, container, tick })),
    ],
  };
}

function say(file: string, session: string, sender: Sender): void {
  const { offered, acknowledged, queued, dropped, spooled, spoolErrors, spoolDamaged } = sender.stats();
  const status: AgentStatus = {
    pid: process.pid,
    session,
    offered: offered.samples,
    acknowledged: acknowledged.samples,
    queued: queued.samples,
    queuedBatches: queued.batches,
    spooledBatches: spooled.batches,
    spoolErrors,
    spoolDamaged,
    dropped: Object.fromEntries([...dropped].map(([reason, { samples }]) => [reason, samples])),
  };
  writeFileSync(`${file}.new`, JSON.stringify(status));
  renameSync(`${file}.new`, file);
}
