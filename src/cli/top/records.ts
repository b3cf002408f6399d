/** Rows for programs and pipes: one line of text or one JSON object for each container and reading. Pure. */
import type { Model } from './numbers/model.ts';
import type { Row } from './numbers/row.ts';
import { cpuShare, stateWords } from './view/columns.ts';
import { bytes, percent, shortPercent } from './view/figures.ts';
import { plain } from './view/text.ts';

type Field = readonly [title: string, width: number, of: (row: Row) => string];

/** Numbers have no blanks within them and nothing is left out, so that `awk` finds the same thing in the same place. */
const FIELDS: readonly Field[] = [
  ['HOST', -8, (row) => row.node],
  ['NAME', -24, (row) => row.name],
  ['STATE', -10, (row) => stateWords(row).replaceAll(' ', ':')],
  ['CPU%', 6, (row) => percent(row.cpuCores)],
  ['LIM%', 5, (row) => shortPercent(cpuShare(row))],
  ['THR%', 5, (row) => shortPercent(row.throttledShare)],
  ['MEM', 6, (row) => bytes(row.memoryBytes)],
  ['LIMIT', 6, (row) => bytes(row.memoryLimit)],
  ['MEM%', 5, (row) => shortPercent(row.memoryShare)],
  ['NETIN/s', 7, (row) => bytes(row.rxPerSecond)],
  ['NETOUT/s', 8, (row) => bytes(row.txPerSecond)],
  ['READ/s', 6, (row) => bytes(row.readPerSecond)],
  ['WRITE/s', 7, (row) => bytes(row.writePerSecond)],
  ['PIDS', 5, (row) => row.threads?.toString() ?? ''],
  ['RESTARTS', 8, (row) => row.restarts?.toString() ?? ''],
];

/** `2026-11-27T02:30:00Z`. */
const TIME_WIDTH = 20;

/** The titles, for the first line. */
export function titlesText(): string {
  return [`TIME`.padEnd(TIME_WIDTH), ...FIELDS.map(([title, width]) => padded(title, width))].join(' ').trimEnd();
}

/** One line; what is not known is `-`. */
export function rowText(row: Row, { timeMs }: Pick<Model, 'timeMs'>): string {
  const cells = FIELDS.map(([, width, of]) => padded(plain(of(row)).replace(/\s/gu, '_') || '-', width));
  return [timeText(timeMs), ...cells].join(' ').trimEnd();
}

function padded(text: string, width: number): string {
  return width < 0 ? text.padEnd(-width) : text.padStart(width);
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '');
}

/** One line of JSON, in base units; what is not known is left out. */
export function rowJson(row: Row, { timeMs }: Pick<Model, 'timeMs'>): string {
  const { waits, members } = row;
  return JSON.stringify({
    time: new Date(timeMs).toISOString(),
    kind: row.kind,
    host: row.node || undefined,
    name: row.name,
    id: row.id || undefined,
    image: row.image || undefined,
    service: row.service || undefined,
    state: row.state || undefined,
    health: row.health || undefined,
    exit_code: row.exitCode,
    oom_killed: row.oomKilled || undefined,
    containers: members?.all,
    containers_running: members?.running,
    cpu_cores: row.cpuCores,
    cpu_limit_cores: row.cpuLimitCores,
    cpu_throttled_ratio: row.throttledShare,
    memory_bytes: row.memoryBytes,
    memory_limit_bytes: row.memoryLimit,
    memory_limit_ratio: row.memoryShare,
    network_receive_bytes_per_second: row.rxPerSecond,
    network_transmit_bytes_per_second: row.txPerSecond,
    fs_read_bytes_per_second: row.readPerSecond,
    fs_write_bytes_per_second: row.writePerSecond,
    cpu_waiting_ratio: waits.cpu,
    memory_waiting_ratio: waits.memory,
    io_waiting_ratio: waits.io,
    threads: row.threads,
    threads_limit: row.threadsMax,
    restarts: row.restarts,
    oom_kills: row.oomEvents,
    started: row.startMs === undefined ? undefined : new Date(row.startMs).toISOString(),
    finished: row.finishedMs === undefined ? undefined : new Date(row.finishedMs).toISOString(),
  });
}
