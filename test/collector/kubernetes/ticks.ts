/** Ticks of an agent, written down in a test: CPU seconds and working sets of a node's containers at a moment. */
import { cpu } from '../../../src/catalog/cpu.ts';
import { memory } from '../../../src/catalog/memory.ts';
import type { Batch } from '../../../src/model/batch.ts';
import { TableBuilder } from '../../../src/model/builder.ts';
import { type LabelPair, labels, NO_LABELS } from '../../../src/model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../../../src/model/table.ts';
import type { Family } from '../../../src/model/family.ts';

/** 2022-08-02T15:16:00Z. */
export const T0 = Date.UTC(2022, 7, 2, 15, 16, 0);

export interface ContainerTick {
  /** `shop/web-0/web`; `/` for the node. */
  readonly who: string;
  /** CPU seconds since the start; absent if not given. */
  readonly cpu?: number;
  readonly memory?: number;
  /** When it started; long ago unless said. */
  readonly startMs?: number;
  /** Milliseconds after the tick began; 0 unless said. */
  readonly late?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** Its id, where two are called alike; `who` unless said. */
  readonly id?: string;
}

export interface TickOptions {
  readonly node?: string;
  /** 0: what comes about between two ticks. */
  readonly intervalMs?: number;
}

export function tick(timeMs: number, given: readonly ContainerTick[], options: TickOptions = {}): Batch {
  const { node = 'node-1', intervalMs = 10_000 } = options;
  const cpus = new TableBuilder<Family, EntityRow>(cpu);
  const memories = new TableBuilder<Family, EntityRow>(memory);
  for (const one of given) {
    const row = entityRow(entityOf(one), NO_LABELS);
    cpus.add(row, timeMs + (one.late ?? 0));
    if (one.cpu !== undefined) cpus.set(cpu.at.usage, one.cpu);
    memories.add(row, timeMs + (one.late ?? 0));
    if (one.memory !== undefined) memories.set(memory.at.workingSet, one.memory);
  }
  return {
    ...{ node, session: 'test', seq: 1, timeMs, tables: [cpus.build(), memories.build()] },
    ...(intervalMs === 0 ? {} : { intervalMs }),
  };
}

function entityOf({ who, startMs = T0 - 3_600_000, id = who, labels: further = {} }: ContainerTick): Entity {
  const pairs: LabelPair[] = Object.entries(further);
  if (who === '/') return { key: '/', kind: 'host', startMs, labels: labels([['id', '/'], ...pairs]) };
  const [namespace = '', pod = '', container = ''] = who.split('/');
  return {
    ...{ key: id, kind: 'container', startMs },
    labels: labels([['namespace', namespace], ['pod', pod], ['container', container], ...pairs]),
  };
}
