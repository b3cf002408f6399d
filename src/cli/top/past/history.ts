/** What CPU and memory were before the table began, from a collector that keeps it: for the small curves, which then begin in the past. */
import type { Trail } from '../numbers/trails.ts';
import { type RawResult, resultOf } from '../../query/answer.ts';
import { type Ask, AskError } from '../../query/client.ts';

/** How far the curves go where there is a past. */
export const PAST_MS = 15 * 60_000;
const STEP_S = 30;
/** More rows than anybody scrolls through; each has a curve of its own. */
const MOST_SERIES = 3000;

const CPU = 'sum by (node, id) (rate(container_cpu_usage_seconds_total[1m]))';
const MEMORY = 'sum by (node, id) (container_memory_working_set_bytes)';

export interface PastOptions {
  readonly ask: Ask;
  readonly nowMs: number;
  /** Whether rows are told apart by node, too; on an agent's own page they are not. */
  readonly byNode: boolean;
  readonly signal?: AbortSignal;
}

/** By key of the row; empty where nothing is kept or nobody is there: the table does without. */
export async function pastOf(options: PastOptions): Promise<ReadonlyMap<string, Trail>> {
  try {
    const [cpu, memory] = [await curves(CPU, options), await curves(MEMORY, options)];
    const keys = new Set([...cpu.keys(), ...memory.keys()]);
    return new Map([...keys].map((key) => [key, joined(cpu.get(key) ?? [], memory.get(key) ?? [])]));
  } catch (error) {
    if (error instanceof AskError) return new Map();
    throw error;
  }
}

type Points = readonly (readonly [ms: number, value: number])[];

async function curves(query: string, { ask, nowMs, byNode, signal }: PastOptions): Promise<Map<string, Points>> {
  const end = Math.floor(nowMs / 1000 / STEP_S) * STEP_S;
  const range = { start: end - PAST_MS / 1000, end, step: STEP_S, limit: MOST_SERIES };
  const { lines } = resultOf((await ask<RawResult>('query_range', { query, ...range }, signal)).data);
  const found = new Map<string, Points>();
  const twice = new Set<string>();
  for (const { labels, points } of lines) {
    const key = JSON.stringify([byNode ? (labels.get('node') ?? '') : '', labels.get('id') ?? '']);
    if (found.has(key)) twice.add(key);
    found.set(key, points);
  }
  // The same id on two hosts, `/` or a unit's: which of them this page is of nobody says.
  for (const key of twice) found.delete(key);
  return found;
}

function joined(cpu: Points, memory: Points): Trail {
  const [cpuAt, memoryAt] = [new Map(cpu), new Map(memory)];
  const timesMs = [...new Set([...cpuAt.keys(), ...memoryAt.keys()])].sort((a, b) => a - b);
  const at = (of: ReadonlyMap<number, number>): number[] => timesMs.map((ms) => of.get(ms) ?? Number.NaN);
  return { timesMs, cpu: at(cpuAt), memory: at(memoryAt) };
}
