/** Containers put together by service or by host: sums, counts, and of what cannot be added the worst. */
import { largest, type Row, total } from './row.ts';

export type GroupBy = 'service' | 'host';

/** What containers without a service are listed under. */
export const NO_SERVICE = '(no service)';
export const NO_HOST = '(this host)';

/** The group that a container is in. */
export function groupOf(row: Row, by: GroupBy): string {
  return by === 'service' ? row.service || NO_SERVICE : row.node || NO_HOST;
}

export function groupKey(by: GroupBy, name: string): string {
  return `${by}:${name}`;
}

/** One row for each group, of containers only. */
export function groupRows(rows: readonly Row[], by: GroupBy): Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = groupOf(row, by);
    const members = groups.get(name);
    if (members) members.push(row);
    else groups.set(name, [row]);
  }
  return [...groups].map(([name, members]) => groupRow(name, by, members));
}

function groupRow(name: string, by: GroupBy, members: readonly Row[]): Row {
  const sum = (of: (row: Row) => number | undefined) => total(members.map(of));
  const worst = (of: (row: Row) => number | undefined) => largest(members.map(of));
  const running = members.filter(({ runs }) => runs);
  const limited = running.filter(({ memoryLimit }) => memoryLimit !== undefined);
  const memoryLimit = limited.length === running.length ? total(limited.map((row) => row.memoryLimit)) : undefined;
  return {
    key: groupKey(by, name),
    kind: 'group',
    id: '',
    node: by === 'host' ? name : oneNode(members),
    name,
    image: '',
    service: by === 'service' ? name : '',
    state: '',
    health: members.some(({ health }) => health === 'unhealthy') ? 'unhealthy' : '',
    runs: running.length > 0,
    exitCode: undefined,
    oomKilled: false,
    members: { running: running.length, all: members.length },
    cpuCores: sum((row) => row.cpuCores),
    cpuLimitCores: running.every(({ cpuLimitCores }) => cpuLimitCores !== undefined)
      ? total(running.map((row) => row.cpuLimitCores))
      : undefined,
    throttledShare: worst((row) => row.throttledShare),
    memoryBytes: sum((row) => row.memoryBytes),
    memoryLimit,
    memoryShare: worst((row) => row.memoryShare),
    memoryParts: {},
    rxPerSecond: sum((row) => row.rxPerSecond),
    txPerSecond: sum((row) => row.txPerSecond),
    readPerSecond: sum((row) => row.readPerSecond),
    writePerSecond: sum((row) => row.writePerSecond),
    layerBytes: sum((row) => row.layerBytes),
    waits: {
      cpu: worst((row) => row.waits.cpu),
      memory: worst((row) => row.waits.memory),
      io: worst((row) => row.waits.io),
    },
    threads: sum((row) => row.threads),
    threadsMax: undefined,
    restarts: sum((row) => row.restarts),
    oomEvents: sum((row) => row.oomEvents),
    startMs: undefined,
    finishedMs: undefined,
    readMs: undefined,
  };
}

function oneNode(members: readonly Row[]): string {
  const nodes = new Set(members.map(({ node }) => node));
  return nodes.size === 1 ? ([...nodes][0] as string) : '';
}
