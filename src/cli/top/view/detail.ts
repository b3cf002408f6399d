/** One container, host or group in detail: everything that is known of it, with curves over the whole width. Pure. */
import { endWords } from '../numbers/lately.ts';
import type { Model } from '../numbers/model.ts';
import type { Row } from '../numbers/row.ts';
import { cpuShare, stateWords } from './columns.ts';
import { bytes, count, percent, shortPercent, span } from './figures.ts';
import { cutLine, type Line, line, piece } from './line.ts';
import { gauge, spark } from './spark.ts';
import { plain } from './text.ts';

/** How far back the curves go at most; less if less is known. */
const MOST_MS = 20 * 60_000;
const LEAST_MS = 60_000;

export function detailLines(row: Row, model: Model, columns: number): Line[] {
  const lines = [
    [piece(plain(row.name), 'strong'), piece(`  ${words(row)}`)],
    ...pairs(row, model).map(([title, text]) => [piece(`  ${title.padEnd(11)}`, 'faint'), piece(plain(text))]),
    line(''),
    ...curves(row, model, columns),
    ...happened(row, model),
  ];
  return lines.map((each) => cutLine(each, columns));
}

function words(row: Row): string {
  if (row.kind !== 'container' || row.runs) return stateWords(row);
  return endWords(row);
}

type Pair = readonly [title: string, text: string];

/** Those that are known. */
function pairs(row: Row, model: Model): Pair[] {
  const { waits, memoryParts } = row;
  const all: Pair[] = [
    ['host', row.node],
    ['service', row.service],
    ['image', row.image],
    ['cgroup', row.id],
    ['state', row.health === '' ? row.state : `${row.state}, ${row.health}`],
    [
      'up',
      row.runs && row.startMs !== undefined ? `${span(model.timeMs - row.startMs)}, since ${stamp(row.startMs)}` : '',
    ],
    [
      'ended',
      !row.runs && row.finishedMs !== undefined
        ? `${span(model.timeMs - row.finishedMs)} ago, ${stamp(row.finishedMs)}`
        : '',
    ],
    [
      'restarts',
      row.restarts === undefined
        ? ''
        : `${row.restarts}${row.oomEvents ? `, ${row.oomEvents} killed in it for want of memory` : ''}`,
    ],
    ['CPU', cpuWords(row)],
    ['throttled', row.throttledShare === undefined ? '' : `in ${percent(row.throttledShare)} % of its periods`],
    ['memory', memoryWords(row)],
    [
      '  of it',
      parts([
        ['anonymous', bytes(memoryParts.rss)],
        ['page cache', bytes(memoryParts.cache)],
        ['swap', bytes(memoryParts.swap)],
      ]),
    ],
    [
      'network',
      parts([
        ['in', rate(row.rxPerSecond)],
        ['out', rate(row.txPerSecond)],
      ]),
    ],
    [
      'block io',
      parts([
        ['read', rate(row.readPerSecond)],
        ['written', rate(row.writePerSecond)],
      ]),
    ],
    [
      'disk',
      row.kind === 'container' && row.layerBytes !== undefined
        ? `${bytes(row.layerBytes)} in its own layer and log`
        : '',
    ],
    [
      'waits',
      parts([
        ['cpu', share(waits.cpu)],
        ['memory', share(waits.memory)],
        ['io', share(waits.io)],
      ]),
    ],
    [
      'threads',
      row.threads === undefined
        ? ''
        : `${count(row.threads)}${row.threadsMax === undefined ? '' : ` of ${row.threadsMax}`}`,
    ],
  ];
  return all.filter(([, text]) => text !== '');
}

function cpuWords(row: Row): string {
  if (row.cpuCores === undefined) return '';
  const of = cpuShare(row);
  const limit =
    row.cpuLimitCores === undefined ? '' : `  of ${row.cpuLimitCores} cores ${gauge(of, 20)} ${shortPercent(of)} %`;
  return `${percent(row.cpuCores)} % of a core${limit}`;
}

function memoryWords({ memoryBytes, memoryLimit, memoryShare }: Row): string {
  if (memoryBytes === undefined) return '';
  const of = memoryShare ?? (memoryLimit ? memoryBytes / memoryLimit : undefined);
  return memoryLimit === undefined
    ? `${bytes(memoryBytes)}, without a limit`
    : `${bytes(memoryBytes)} of ${bytes(memoryLimit)} ${gauge(of, 20)} ${shortPercent(of)} %`;
}

/** `in 1.0K/s, out 512B/s`, of those that are known. */
function parts(all: readonly (readonly [what: string, text: string])[]): string {
  return all
    .filter(([, text]) => text !== '')
    .map(([what, text]) => `${what} ${text}`)
    .join(', ');
}

function rate(value: number | undefined): string {
  return value === undefined ? '' : `${bytes(value)}/s`;
}

function share(value: number | undefined): string {
  return value === undefined ? '' : `${percent(value)} %`;
}

function stamp(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace(/\.\d+/, '');
}

function curves(row: Row, model: Model, columns: number): Line[] {
  const trail = model.trails.of(row.key);
  if (!trail) return [];
  const spanMs = Math.min(MOST_MS, Math.max(LEAST_MS, model.timeMs - (trail.timesMs[0] ?? 0)));
  const cells = Math.max(10, columns - 14);
  const common = { endMs: model.timeMs, spanMs, cells, everyMs: model.intervalMs };
  const curve = (of: 'cpu' | 'memory', full: number | undefined, least: number): Line => [
    piece(`  ${of.padEnd(11)}`, 'faint'),
    piece(spark(trail, of, { ...common, full, least })),
  ];
  return [
    line(`  last ${span(spanMs)}: full is the limit, without one the highest shown`, 'faint'),
    curve('cpu', row.cpuLimitCores, 0.1),
    curve('memory', row.memoryLimit, 0),
  ];
}

function happened({ key }: Row, { lately, timeMs }: Model): Line[] {
  const own = lately.filter((each) => each.key === key);
  if (own.length === 0) return [];
  return [
    line(''),
    line('  LATELY', 'strong'),
    ...own.map(({ atMs, words: text, isBad }) =>
      line(`  ${span(timeMs - atMs).padStart(4)} ago  ${text}`, isBad ? 'bad' : 'faint'),
    ),
  ];
}
