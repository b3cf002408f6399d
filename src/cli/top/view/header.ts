/** The lines above the table: where the numbers are from, what the host does, and what is in trouble. Pure. */
import { hasHosts, type Model } from '../numbers/model.ts';
import type { Row } from '../numbers/row.ts';
import { cpuShare } from './columns.ts';
import { bytes, percent, shortPercent, span } from './figures.ts';
import { cutLine, type Line, line, piece, spread, type Tone } from './line.ts';
import { spark } from './spark.ts';
import { plain } from './text.ts';

export interface About {
  /** Where the numbers come from: `http://127.0.0.1:9641/metrics`. */
  readonly place: string;
  /** Why there are none, or no new ones, with what to do about it. */
  readonly error: string | undefined;
  /** Trouble that is not among the numbers: sinks of this process, what the log says. */
  readonly trouble: readonly string[];
  /** What the start has said: addresses, engine. Shown where there is room, and with the help. */
  readonly words: readonly string[];
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

export function headerLines(model: Model | undefined, about: About, held: boolean, { columns, rows }: Size): Line[] {
  const lines = [titleLine(model, about, held, columns)];
  if (model && rows >= 12) lines.push(...hostLines(model, columns));
  if (rows >= 30) lines.push(...about.words.slice(0, 8).map((words) => cutLine(line(plain(words), 'faint'), columns)));
  return [...lines, ...troubleLines(model, about, { columns, rows })];
}

function titleLine(model: Model | undefined, { place }: About, held: boolean, columns: number): Line {
  const from = piece(plain(place.replace(/\/metrics$/, '')));
  const left = columns < 60 ? [from] : [piece('plimsoll top', 'strong'), piece('  '), from];
  if (!model) return spread(left, [], columns);
  const every = model.intervalMs === undefined ? '' : ` every ${span(Math.round(model.intervalMs / 1000) * 1000)},`;
  const time = new Date(model.timeMs).toTimeString().slice(0, 8);
  const clock = held ? piece('HELD (p goes on)', 'warn') : piece(`${every} ${time}`.trim(), 'faint');
  return spread([...left, piece(`  ${countWords(model)}`)], [clock], columns);
}

function countWords({ containers, hosts }: Model): string {
  const running = containers.filter(({ runs }) => runs).length;
  const others = containers.length - running;
  const on = new Set([...containers, ...hosts].map(({ node }) => node)).size;
  const where = on > 1 ? ` on ${on} hosts` : '';
  return `${running} running${others > 0 ? `, ${others} stopped` : ''}${where}`;
}

/** Of one host what it does; of several their sum would say nothing that `g` does not say better. */
function hostLines(model: Model, columns: number): Line[] {
  const [host] = model.hosts;
  if (!host || model.hosts.length > 1) return [];
  const curve = spark(model.trails.of(host.key), 'cpu', {
    endMs: model.timeMs,
    spanMs: 60_000,
    cells: 10,
    full: host.cpuLimitCores,
    everyMs: model.intervalMs,
  });
  const [cpu, memory] = [
    cpuShare(host),
    host.memoryLimit && host.memoryBytes ? host.memoryBytes / host.memoryLimit : undefined,
  ];
  const parts = [
    piece(hasHosts(model) ? `${plain(host.node)}  ` : 'host  '),
    ...(host.cpuCores === undefined
      ? []
      : [
          piece('CPU '),
          piece(`${percent(cpu === undefined ? host.cpuCores : Math.min(1, cpu))} %`, toneOf(cpu)),
          piece(` ${curve}  `),
        ]),
    ...(host.memoryBytes === undefined
      ? []
      : [
          piece('MEM '),
          piece(`${bytes(host.memoryBytes)} of ${bytes(host.memoryLimit)}`, toneOf(memory)),
          piece('  '),
        ]),
    ...waitPieces(host),
  ];
  return [cutLine(parts, columns)];
}

function waitPieces({ waits }: Row) {
  const known = Object.entries(waits).filter(([, value]) => value !== undefined) as [string, number][];
  if (known.length === 0) return [];
  return [
    piece('waits '),
    ...known.map(([what, value]) =>
      piece(`${what} ${shortPercent(value)} %  `, value >= 0.4 ? 'bad' : value >= 0.1 ? 'warn' : undefined),
    ),
  ];
}

function toneOf(share: number | undefined): Tone | undefined {
  return share === undefined || share < 0.85 ? undefined : share < 0.95 ? 'warn' : 'bad';
}

/** As many as there is room for; that there are more is said. */
function troubleLines(model: Model | undefined, { error, trouble }: About, { columns, rows }: Size): Line[] {
  const found = [...(model && error !== undefined ? [error] : []), ...trouble, ...(model?.trouble ?? [])];
  const room = rows < 16 ? 1 : rows < 30 ? 3 : 6;
  const shown = found.length > room ? found.slice(0, room) : found;
  return shown.map((words, i) => {
    const more = i === shown.length - 1 && found.length > room ? ` … and ${found.length - room} more (?)` : '';
    const left = cutLine([piece(`! ${plain(words)}`, 'bad')], columns - more.length);
    return more === '' ? left : [...left, piece(more, 'faint')];
  });
}
