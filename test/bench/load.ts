/** Synthetic agents: batches of real families with values that move as real ones do. */
import { familyNamed } from '../../src/catalog/index.ts';
import type { Batch, FamilyTable } from '../../src/model/batch.ts';
import type { Family } from '../../src/model/family.ts';
import { labels, NO_LABELS } from '../../src/model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../../src/model/table.ts';

export interface LoadOptions {
  readonly agents: number;
  readonly containers: number;
  /** Columns in all per container. */
  readonly metrics: number;
  /** As a quiet machine has it: most numbers stand still from tick to tick, and each container is read at a moment of its own. */
  readonly quiet?: boolean;
}

export interface SyntheticAgent {
  readonly node: string;
  batch(timeMs: number): Batch;
}

const FAMILY_NAMES = ['cpu', 'memory', 'pids', 'pressure', 'network', 'memstat', 'diskio', 'sched'];

/** The agents; each batch has `containers × metrics` samples. */
export function syntheticAgents({ agents, containers, metrics, quiet = false }: LoadOptions): SyntheticAgent[] {
  const widths = split(
    FAMILY_NAMES.map((name) => familyNamed(name) as Family),
    metrics,
  );
  return Array.from({ length: agents }, (_, a) =>
    agent({ node: `node-${a}`, containers, widths, first: quiet ? a * containers : undefined }),
  );
}

/** How many columns of each family are filled, until `metrics` is reached. */
function split(families: readonly Family[], metrics: number): [Family, number][] {
  let left = metrics;
  const widths: [Family, number][] = [];
  for (const family of families) {
    const take = Math.min(left, family.columns.length);
    if (take > 0) widths.push([family, take]);
    left -= take;
  }
  if (left > 0) throw new Error(`the families have ${metrics - left} columns, ${metrics} were asked for`);
  return widths;
}

interface AgentOptions {
  readonly node: string;
  readonly containers: number;
  readonly widths: readonly [Family, number][];
  /** Of a quiet machine, how many containers those before it have. */
  readonly first: number | undefined;
}

function agent({ node, containers, widths, first }: AgentOptions): SyntheticAgent {
  const entities = Array.from({ length: containers }, (_, c) => container(node, c));
  const dims = (family: Family) =>
    family.dims.length === 0 ? NO_LABELS : labels(family.dims.map((dim) => [dim, 'eth0']));
  const rows = new Map<Family, EntityRow[]>(
    widths.map(([family]) => [family, entities.map((e) => entityRow(e, dims(family)))]),
  );
  let seq = 0;
  return {
    node,
    batch(timeMs) {
      seq++;
      const tables = widths.map(([family, width]) =>
        table(family, width, { rows: rows.get(family) as EntityRow[], seq, timeMs, first }),
      );
      return { node, session: `session-of-${node}`, seq, timeMs, tables };
    },
  };
}

function container(node: string, c: number): Entity {
  const id = `${node}-${c}-`.padEnd(64, '0123456789abcdef');
  const set = labels([
    ['id', `/system.slice/docker-${id}.scope`],
    ['name', `shop-service${c % 10}-${c}`],
    ['image', `registry.example/shop/service${c % 10}:1.2.3`],
    ['container_label_com_docker_compose_project', 'shop'],
    ['container_label_com_docker_compose_service', `service${c % 10}`],
  ]);
  return { key: id, kind: 'container', startMs: 1_700_000_000_000, labels: set };
}

interface At {
  readonly rows: EntityRow[];
  readonly seq: number;
  readonly timeMs: number;
  readonly first: number | undefined;
}

function table(family: Family, width: number, { rows, seq, timeMs, first }: At): FamilyTable {
  const n = rows.length;
  const values = new Float64Array(family.columns.length * n).fill(Number.NaN);
  for (let c = 0; c < width; c++) {
    const counter = family.columns[c]?.kind === 'counter';
    const seconds = family.columns[c]?.unit === 'seconds';
    for (let r = 0; r < n; r++) {
      const step = (c + 1) * (r + 7);
      const moves = first === undefined ? seq : unevenly(movesUntil(seq, c, first + r), c, first + r);
      if (counter && seconds) values[c * n + r] = Math.round(moves * step * 1000 + r) / 1e6;
      else if (counter) values[c * n + r] = Math.round(moves * step);
      else values[c * n + r] = 4096 * (step + Math.round((moves * 37 + r) % 101));
    }
  }
  const timesMs = Float64Array.from(
    rows,
    (_, r) => timeMs + 3 + (first === undefined ? 0 : Math.floor(23 * (unevenly(seq, 0, first + r) - seq))),
  );
  return { shape: family, rows, timesMs, values };
}

/** How often a cell has moved by its `seq`-th reading: every seventh column at each, the others at every fortieth. Together 16 % move from one to the next. */
function movesUntil(seq: number, c: number, r: number): number {
  return c % 7 === 0 ? seq : Math.floor((seq + 11 * c + r) / 40);
}

/** Not by the same each time: between so many and one more. */
function unevenly(moves: number, c: number, r: number): number {
  const mixed = Math.imul(moves * 31 + c, 0x9e3779b1) ^ Math.imul(r + 7, 0x85ebca6b);
  return moves + ((Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 8) & 0xffff) / 0x10000;
}
