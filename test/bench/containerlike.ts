/**
 * Containers as the kernel shows them, made up and the same each time: 75 columns in eight families, of which most stand still from tick to tick, read some
 * milliseconds after the tick, now and then one that goes and another that comes. Out come tables as the store's head seals them.
 */
import type { RowChunk, TableChunk } from '../../collector/store/types.ts';
import { type Labels, labels } from '../../src/model/labels.ts';
import type { Column } from '../../src/model/shape.ts';

export const TICKS_PER_MINUTE = 6;
const TICK_MS = 10_000;
const START_MS = 1_750_000_000_000 - (1_750_000_000_000 % 3_600_000);
/** That a container is another one at the next tick: 2 % an hour. */
const CHURN = 0.02 / (60 * TICKS_PER_MINUTE);

/** How a column moves: time used, bytes and packets that pass, pages that are held, seldom, never. */
type Move = 'time' | 'traffic' | 'packets' | 'pages' | 'seldom' | 'fixed' | 'clock';

/** By family, how many columns move how. */
const FAMILIES: readonly (readonly [string, readonly (readonly [Move, number])[]])[] = [
  [
    'cpu',
    [
      ['time', 3],
      ['seldom', 3],
      ['fixed', 5],
    ],
  ],
  [
    'memory',
    [
      ['pages', 8],
      ['seldom', 9],
      ['packets', 2],
      ['fixed', 8],
    ],
  ],
  ['oom', [['fixed', 1]]],
  [
    'pressure',
    [
      ['time', 1],
      ['seldom', 3],
      ['fixed', 2],
    ],
  ],
  [
    'diskio',
    [
      ['traffic', 1],
      ['packets', 1],
      ['seldom', 2],
      ['fixed', 2],
    ],
  ],
  [
    'pids',
    [
      ['seldom', 1],
      ['fixed', 2],
    ],
  ],
  [
    'network',
    [
      ['traffic', 2],
      ['packets', 2],
      ['fixed', 4],
    ],
  ],
  [
    'state',
    [
      ['clock', 1],
      ['seldom', 3],
      ['fixed', 9],
    ],
  ],
];

interface Family {
  readonly name: string;
  readonly moves: readonly Move[];
  readonly columns: readonly Column[];
}

interface Container {
  readonly labels: Labels;
  /** 0 idle to 3 busy. */
  readonly busy: number;
  readonly state: Float64Array;
}

export class SyntheticContainers {
  readonly #families = FAMILIES.map(([name, of]) =>
    family(
      name,
      of.flatMap(([move, count]) => new Array<Move>(count).fill(move)),
    ),
  );
  readonly #containers: Container[] = [];
  #seed = 1;
  #tick = 0;
  #born = 0;

  constructor(count: number) {
    for (let i = 0; i < count; i++) this.#containers.push(this.#newContainer());
  }

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  }

  #newContainer(): Container {
    const number = this.#born++;
    const id = Array.from({ length: 16 }, () =>
      Math.floor(this.#random() * 65_536)
        .toString(16)
        .padStart(4, '0'),
    ).join('');
    const service = `shop-${number % 20}`;
    const kind = this.#random();
    const width = this.#families.reduce((total, { moves }) => total + moves.length, 0);
    return {
      labels: labels([
        ['id', id],
        ['name', `${service}-${number}`],
        ['image', `shop/${service}:3`],
        ['service', service],
        ['node', 'n1'],
      ]),
      busy: kind < 0.5 ? 0 : kind < 0.8 ? 1 : kind < 0.95 ? 2 : 3,
      state: Float64Array.from({ length: width }, () => Math.floor(this.#random() * 50_000)),
    };
  }

  /** The next so many ticks of all. */
  tables(ticks: number): TableChunk[] {
    const rows = new Map<Container, { times: number[]; cells: number[][] }>();
    for (let t = 0; t < ticks; t++, this.#tick++) {
      for (const [at, old] of this.#containers.entries()) {
        const container = this.#random() < CHURN ? this.#newContainer() : old;
        this.#containers[at] = container;
        const row = rows.get(container) ?? { times: [], cells: Array.from(container.state, () => []) };
        rows.set(container, row);
        this.#step(container, row, START_MS + this.#tick * TICK_MS + 12 + (at % 20) + Math.floor(this.#random() * 3));
      }
    }
    return this.#asTables(rows);
  }

  #step({ busy, state }: Container, row: { times: number[]; cells: number[][] }, timeMs: number): void {
    row.times.push(timeMs);
    const active = this.#random() < ([0.3, 0.8, 1, 1][busy] as number);
    let c = 0;
    for (const { moves } of this.#families) {
      for (const move of moves) {
        state[c] = this.#moved(move, state[c] as number, active ? busy : -1);
        row.cells[c]?.push(shown(move, state[c] as number, timeMs));
        c++;
      }
    }
  }

  /** `busy` is -1 while it sleeps. */
  #moved(move: Move, value: number, busy: number): number {
    const scale = ([0.05, 0.3, 1, 4][busy] ?? 0) * (0.5 + this.#random());
    if (move === 'time') return value + Math.floor(scale * 4e5 + 20 + this.#random() * 100);
    if (move === 'traffic') return value + Math.floor(scale * 2e5);
    if (move === 'packets') return value + Math.floor(scale * 300);
    if (move === 'pages' && busy >= 0 && this.#random() < 0.5) {
      return Math.max(0, value + Math.round((this.#random() - 0.5) * scale * 400));
    }
    if (move === 'seldom' && busy >= 0 && this.#random() < 0.02) return value + 1 + Math.floor(this.#random() * 20);
    return value;
  }

  #asTables(rows: ReadonlyMap<Container, { times: number[]; cells: number[][] }>): TableChunk[] {
    const sorted = [...rows].sort(([a], [b]) => (a.labels.key < b.labels.key ? -1 : 1));
    let from = 0;
    return this.#families.map(({ name, columns }) => {
      const own = sorted.map(
        ([container, { times, cells }]): RowChunk => ({
          labels: container.labels,
          timesMs: Float64Array.from(times),
          cells: cells.slice(from, from + columns.length).map((values) => Float64Array.from(values)),
        }),
      );
      from += columns.length;
      return { level: 'container', measurement: `container_${name}`, columns, rows: own };
    });
  }
}

/** Microseconds as seconds, pages as bytes, the clock as it is. */
function shown(move: Move, value: number, timeMs: number): number {
  return move === 'time' ? value / 1e6 : move === 'pages' ? value * 4096 : move === 'clock' ? timeMs / 1000 : value;
}

function family(name: string, moves: readonly Move[]): Family {
  const columns = moves.map((move, i): Column => {
    const isGauge = move === 'pages' || move === 'fixed' || move === 'clock';
    const metric =
      move === 'pages' && i === 1
        ? 'container_memory_working_set_bytes'
        : `container_${name}_${i}${isGauge ? '' : '_total'}`;
    return { metric, field: metric, labels: [], kind: isGauge ? 'gauge' : 'counter', unit: 'none', help: '' };
  });
  return { name, moves, columns };
}
