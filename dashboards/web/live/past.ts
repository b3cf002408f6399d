/**
 * What small curves were before the page was opened: the present and answers of the store come in, the same present with longer curves goes out.
 * Two questions for everybody, and where there are many, for hosts alone: what is seen at a glance is not to cost more than what is looked at.
 */
import type { RangeQuestion, Series } from '../api/prom.ts';
import type { Row } from './message.ts';
import type { Model } from './model.ts';

/** Points of a small curve. */
export const CURVE = 30;
/** Of containers. */
const MOST = 1000;

type Values = Row['cpuTrail'];

/** None where nothing is kept, or where the collector has sent curves already: it does while it is looked at. */
export function pastOf({ pipeline, rows, window, end }: Model): readonly RangeQuestion[] {
  const all = [...rows.values()];
  if (!pipeline.history || all.some(({ cpuTrail }) => cpuTrail.length >= CURVE)) return [];
  const hosts = '{id="/"}';
  const cpu = `container_cpu_usage_seconds_total${all.filter(({ kind }) => kind !== 'host').length > MOST ? hosts : ''}`;
  // In three windows there are two readings, also of an agent that is late.
  return [`rate(${cpu}[${3 * window}s])`, `container_memory_working_set_bytes${hosts}`].map((expr) => ({
    ...{ expr: `sum by (node, id) (${expr})`, from: end - (CURVE - 1) * window, to: end, step: window },
  }));
}

/** What the page has seen itself stays. */
export function withPast(model: Model, answers: readonly (readonly Series[])[]): Model {
  const { end, window } = model;
  const [cpu, memory] = answers.map(keptOf);
  const longer = (own: Values, kept: Kept | undefined, row: Row): Values => {
    const values = kept?.get(keyOf(row));
    const length = Math.max(CURVE, own.length);
    return Array.from({ length }, (_, i) => {
      const back = length - 1 - i;
      return own[own.length - 1 - back] ?? values?.get(Math.round(end - back * window)) ?? null;
    });
  };
  const rows = new Map<number, Row>();
  for (const [n, row] of model.rows) {
    const trails = { cpuTrail: longer(row.cpuTrail, cpu, row), memoryTrail: longer(row.memoryTrail, memory, row) };
    rows.set(n, { ...row, ...trails });
  }
  return { ...model, rows };
}

/** By whose they are, and by second. */
type Kept = ReadonlyMap<string, ReadonlyMap<number, number>>;

function keptOf(series: readonly Series[]): Kept {
  return new Map(
    series.map(({ labels, points }) => [
      keyOf(labels),
      new Map(points.map(([time, value]) => [Math.round(time), value])),
    ]),
  );
}

function keyOf({ node = '', id = '' }: { readonly node?: string; readonly id?: string }): string {
  return `${node} ${id}`;
}
