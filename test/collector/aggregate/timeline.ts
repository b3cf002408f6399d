/**
 * Reads a timeline: a text with settings, entities, batches as they arrive, moments at which windows are closed, and the frames
 * that must come out. The grammar is in test/scenarios/timelines/README.md.
 */
import type { AggregatorStats } from '../../../collector/aggregate/stats.ts';
import { AGGREGATOR_DEFAULTS, type AggregatorOptions } from '../../../collector/aggregate/options.ts';
import { DEFAULT_LEVELS, type LevelDef } from '../../../collector/aggregate/levels.ts';
import type { Batch, FamilyTable } from '../../../src/model/batch.ts';
import { TableBuilder } from '../../../src/model/builder.ts';
import type { Family } from '../../../src/model/family.ts';
import { labels, pairsOf } from '../../../src/model/labels.ts';
import { type Entity, type EntityKind, type EntityRow, entityRow } from '../../../src/model/table.ts';
import { canonicalLine, parseLabels } from '../../support/exposition.ts';
import { TEST_FAMILIES } from './families.ts';

/** Second 0 of every timeline: aligned to any window in use. */
export const EPOCH_MS = 1_700_000_000_000;

export interface ExpectedFrame {
  readonly startMs: number;
  readonly endMs: number;
  readonly late?: string | undefined;
  readonly lines: string[];
}

export type Step =
  | { readonly kind: 'push'; readonly batch: Batch; readonly nowMs: number; readonly at: number }
  | {
      readonly kind: 'advance' | 'flush';
      readonly nowMs: number;
      readonly at: number;
      readonly frames: ExpectedFrame[];
    }
  | { readonly kind: 'stats'; readonly at: number; readonly values: ReadonlyMap<string, number> };

export interface Timeline {
  readonly options: AggregatorOptions;
  readonly steps: readonly Step[];
}

/** Short names in timelines for labels that are long in life. */
const LONG_LABELS = new Map([
  ['project', 'container_label_com_docker_compose_project'],
  ['service', 'container_label_com_docker_compose_service'],
  ['namespace', 'container_label_io_kubernetes_pod_namespace'],
  ['pod', 'container_label_io_kubernetes_pod_name'],
]);

interface Reader {
  options: AggregatorOptions;
  readonly entities: Map<string, Entity>;
  /** The row object of an entity's interface, kept while the entity is. */
  readonly rows: Map<string, EntityRow>;
  readonly steps: Step[];
}

export function parseTimeline(text: string): Timeline {
  const reader: Reader = {
    options: {
      ...AGGREGATOR_DEFAULTS,
      containers: false,
      cluster: 'c',
      gauges: ['sum'],
    },
    entities: new Map(),
    rows: new Map(),
    steps: [],
  };
  const lines = text.split('\n').map((line) => line.replace(/#(?!\d).*$/, '').trimEnd());
  for (let i = 0; i < lines.length; i++) {
    const head = lines[i] as string;
    if (head.trim() === '') continue;
    const body: string[] = [];
    while (/^\s+\S/.test(lines[i + 1] ?? '') || (lines[i + 1]?.trim() === '' && /^\s+\S/.test(lines[i + 2] ?? '')))
      body.push((lines[++i] as string).trim());
    statement(reader, head, { body: body.filter((line) => line !== ''), at: i + 1 });
  }
  return { options: reader.options, steps: reader.steps };
}

function statement(reader: Reader, head: string, { body, at }: { body: string[]; at: number }): void {
  const [word, ...rest] = head.split(/\s+/);
  const argument = rest.join(' ');
  if (word === 'set') set(reader, rest);
  else if (word === 'level') addLevel(reader, rest);
  else if (word === 'entity') addEntity(reader, argument);
  else if (word === 'batch') reader.steps.push({ kind: 'push', at, ...readBatch(reader, argument, body) });
  else if (word === 'advance') reader.steps.push({ kind: 'advance', at, nowMs: time(argument), frames: [] });
  else if (word === 'flush') reader.steps.push({ kind: 'flush', at, nowMs: 0, frames: [] });
  else if (word === 'frame') addFrame(reader, argument, body);
  else if (word === 'stats') reader.steps.push({ kind: 'stats', at, values: new Map(rest.map(pair)) });
  else throw new Error(`line ${at}: unknown word "${word}"`);
}

function set(reader: Reader, [name, ...values]: string[]): void {
  if (name === 'levels')
    reader.options = { ...reader.options, levels: DEFAULT_LEVELS.filter((level) => values.includes(level.name)) };
  else if (name === 'gauges') reader.options = { ...reader.options, gauges: values as never };
  else if (name === 'containers') reader.options = { ...reader.options, containers: values[0] === 'on' };
  else if (name === 'startedMs') reader.options = { ...reader.options, startedMs: time(values[0] as string) };
  else reader.options = { ...reader.options, [name as string]: Number(values[0]) };
}

function addLevel(reader: Reader, [name, ...by]: string[]): void {
  const level: LevelDef = {
    name: name as string,
    by: by.map((text) => ({ as: text.split('=')[0] as string, from: text.split('=')[1] as string })),
  };
  reader.options = { ...reader.options, levels: [...reader.options.levels, level] };
}

/** `web-1 start=5 kind=host {project="shop"}`; start and kind may be left out. */
function addEntity(reader: Reader, text: string): void {
  const name = text.split(/\s/)[0] as string;
  const start = /\sstart=(\S+)/.exec(text)?.[1];
  const kind = (/\skind=(\w+)/.exec(text)?.[1] ?? 'container') as EntityKind;
  const given = [...pairsOf(parseLabels(/\{.*\}/.exec(text)?.[0] ?? '{}'))];
  const set = labels([
    ['name', name],
    ...given.map(([label, value]) => [LONG_LABELS.get(label) ?? label, value] as const),
  ]);
  reader.entities.set(name, { key: name, kind, startMs: start === undefined ? 0 : time(start), labels: set });
  for (const key of [...reader.rows.keys()]) if (key.startsWith(`${name} `)) reader.rows.delete(key);
}

/** `n1 #3 @20 arrives 21`, then rows; the session is `s`, unless `session=t`; `every=6`: a tick, and the next is due in 6 s; `offset=-3600`: times were put into ours. */
function readBatch(reader: Reader, text: string, body: readonly string[]): { batch: Batch; nowMs: number } {
  const match = /^(\S+) #(\d+) @(\S+) arrives (\S+)(?: session=(\S+))?(?: every=(\S+))?(?: offset=(\S+))?$/.exec(text);
  if (match === null) throw new Error(`not a batch: ${text}`);
  const [, node, seq, tick, arrives, session = 's', every, offset] = match as unknown as string[];
  const builders = new Map<Family, TableBuilder<Family, EntityRow>>();
  for (const line of body) addRow(reader, builders, line);
  const tables: FamilyTable[] = [...builders.values()].map((builder) => builder.build());
  return {
    batch: {
      node: node as string,
      session,
      seq: Number(seq),
      timeMs: time(tick as string),
      ...(every === undefined ? {} : { intervalMs: Number(every) * 1000 }),
      ...(offset === undefined ? {} : { clockOffsetMs: Number(offset) * 1000 }),
      tables,
    },
    nowMs: time(arrives as string),
  };
}

/** `web-1 work done=5 held=3 @20.1`, `web-1 net[eth0] received=7 @20.1`; with `~` before the family the row is shown only. */
function addRow(reader: Reader, builders: Map<Family, TableBuilder<Family, EntityRow>>, text: string): void {
  const match = /^(\S+) (~?)(\w+)(?:\[(\w+)\])? (.*)@(\S+)$/.exec(text);
  const [, name = '', shown = '', familyName = '', dim, cells = '', at = ''] = match ?? [];
  const family = TEST_FAMILIES.get(familyName);
  const entity = reader.entities.get(name);
  if (family === undefined || entity === undefined) throw new Error(`not a row of a known entity and family: ${text}`);
  const key = `${name} ${shown}${familyName} ${dim ?? ''}`;
  const row =
    reader.rows.get(key) ?? entityRow(entity, labels(dim === undefined ? [] : [['interface', dim]]), shown !== '');
  reader.rows.set(key, row);
  const builder = builders.get(family) ?? new TableBuilder<Family, EntityRow>(family);
  builders.set(family, builder);
  builder.add(row, time(at));
  for (const cell of cells.trim().split(/\s+/).filter(Boolean)) {
    const [column, value] = pair(cell);
    if (!(column in family.at)) throw new Error(`${familyName} has no ${column}`);
    builder.set(family.at[column] as number, value);
  }
}

/** `10-20`, or `10-20 late n1`, then the series of the frame; belongs to the last advance or flush. */
function addFrame(reader: Reader, argument: string, body: readonly string[]): void {
  const last = reader.steps.at(-1);
  if (last?.kind !== 'advance' && last?.kind !== 'flush') throw new Error(`frame ${argument} follows no advance`);
  const [, from = '', to = '', late] = /^(-?[\d.]+)-(-?[\d.]+)(?: late (\S+))?$/.exec(argument) ?? [];
  last.frames.push({ startMs: time(from), endMs: time(to), late, lines: body.map(canonicalLine).sort() });
}

/** Seconds of the timeline as Unix milliseconds. */
export function time(seconds: string): number {
  const value = Number(seconds);
  if (seconds === '' || !Number.isFinite(value)) throw new Error(`not a time: ${seconds}`);
  return EPOCH_MS + Math.round(value * 1000);
}

function pair(text: string): [string, number] {
  const at = text.indexOf('=');
  return [text.slice(0, at), Number(text.slice(at + 1))];
}

/** A statistic by its path in a timeline: `received`, `dropped.too_late`, `evicted.stale_row`, `increases.resets`. */
export function statistic(stats: AggregatorStats, path: string): number {
  const [name, reason] = path.split('.') as [keyof AggregatorStats, string | undefined];
  const value = stats[name];
  if (reason === undefined) return value as number;
  return value instanceof Map
    ? (value.get(reason) ?? 0)
    : ((value as unknown as Record<string, number>)[reason] ?? Number.NaN);
}
