/**
 * A dashboard's questions to a Prometheus over what was recorded: variables by their own queries, then each panel's, over the recorded time in place
 * of the dashboard's own. What comes out is all that the page needs.
 */
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Board, BoardPanel, BoardTarget, BoardVariable } from '../support/boards.ts';
import { type Filled, fillBoard, prometheusVariables } from '../support/boardvalues.ts';
import { fetchText } from '../support/http.ts';
import { freePort } from '../support/ports.ts';
import { type Prometheus, queries, type Range } from '../support/prometheus.ts';
import { serverDir, startServer } from '../support/servers.ts';
import { folderOf, type Recording, type StageName } from './places.ts';

/** A panel with what its queries answer. */
export interface Answered extends BoardPanel {
  readonly frames: readonly {
    readonly refId: string;
    readonly legend: string;
    readonly instant: boolean;
    readonly series: readonly Range[];
  }[];
}

export interface Picture {
  readonly title: string;
  readonly range: Recording;
  readonly variables: readonly { readonly label: string; readonly value: string }[];
  readonly panels: readonly Answered[];
  readonly annotations: readonly {
    readonly name: string;
    readonly color: string;
    readonly regions: readonly Region[];
  }[];
}

/** When something was said to be so, in Unix seconds. */
export interface Region {
  readonly from: number;
  readonly to: number;
}

/** A Prometheus over what it has seen. */
export interface Watched extends Prometheus {
  readonly recording: Recording;
}

/** The Prometheus of a recording, with its data and nothing to scrape. */
export async function reopen(stage: StageName): Promise<Watched> {
  const from = folderOf(stage);
  if (!existsSync(join(from, 'recording.json')))
    throw new Error(`nothing is recorded of "${stage}": npm run pictures -- record ${stage}`);
  const recording = JSON.parse(readFileSync(join(from, 'recording.json'), 'utf8')) as Recording;
  const dir = serverDir('prometheus');
  cpSync(join(from, 'data'), join(dir, 'data'), { recursive: true });
  rmSync(join(dir, 'data', 'lock'), { force: true });
  const url = `http://127.0.0.1:${await freePort()}`;
  const server = await startServer({
    name: 'prometheus',
    file: 'prometheus',
    dir,
    args: [
      `--config.file=/dev/null`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
    ],
    ready: () => fetchText(`${url}/-/ready`),
  });
  return Object.assign(server, { url, ...queries(url), recording });
}

export type Chosen = Readonly<Record<string, readonly string[]>>;

/** As somebody opens it who has chosen these; the rest is All. */
export async function pictureOf(board: Board, source: Watched, chosen: Chosen = {}): Promise<Picture> {
  const { recording } = source;
  const { start, end, step } = recording;
  const times = { range: end - start, interval: step, scrapeInterval: step };
  const filled = await fillBoard(board, prometheusVariables(source, end), { times, chosen });
  const panels: Answered[] = [];
  for (const panel of board.panels)
    panels.push({ ...panel, frames: await framesOf(panel, { filled, source, recording }) });
  const list: readonly (BoardVariable & { readonly label?: string })[] = board.templating.list;
  const shown = list.filter(({ name, hide = 0 }) => hide === 0 && name !== 'datasource');
  return {
    title: board.title,
    range: recording,
    variables: shown.map((each) => ({ label: each.label ?? each.name, value: shownValue(each, chosen) })),
    panels,
    annotations: await annotationsOf(board, { filled, source, recording }),
  };
}

/** What the picture's head shows of a variable. */
function shownValue({ name, type, current }: BoardVariable, chosen: Chosen): string {
  return type === 'custom' ? String(current?.value) : (chosen[name]?.join(' + ') ?? 'All');
}

interface Asking {
  readonly filled: Filled;
  readonly source: Prometheus;
  readonly recording: Recording;
}

async function framesOf(panel: BoardPanel, asking: Asking): Promise<Answered['frames']> {
  const frames = [];
  for (const target of panel.targets ?? []) {
    const series = await answer(target, asking);
    frames.push({ refId: target.refId, legend: target.legendFormat ?? '', instant: target.instant ?? false, series });
  }
  return frames;
}

async function answer(
  { expr = '', instant }: Pick<BoardTarget, 'expr' | 'instant'>,
  { filled, source, recording }: Asking,
): Promise<Range[]> {
  const { start, end, step } = recording;
  const query = filled.fill(expr);
  if (!instant) return source.queryRange(query, { start: start - (start % step), end, step });
  const found = await source.query(query, end);
  return found.map(({ labels, value, time }) => ({ labels, points: [[time, value] as const] }));
}

async function annotationsOf(board: Board, asking: Asking): Promise<Picture['annotations']> {
  const list = (board.annotations.list ?? []) as readonly {
    name: string;
    expr?: string;
    iconColor?: string;
    useValueForTime?: boolean;
    enable?: boolean;
  }[];
  const found = [];
  for (const { name, expr, iconColor = 'blue', useValueForTime = false, enable = true } of list) {
    if (expr === undefined || !enable) continue;
    const series = await answer({ expr }, asking);
    const times = series.flatMap(({ points }) =>
      points.map(([time, value]) => (useValueForTime ? value / 1000 : time)),
    );
    const within = times.filter((time) => time >= asking.recording.start);
    found.push({ name, color: iconColor, regions: regionsOf(within, asking.recording.step) });
  }
  return found;
}

/** What follows without a gap is one thing that goes on, as Grafana has it. */
export function regionsOf(times: readonly number[], step: number): Region[] {
  const regions: Region[] = [];
  for (const time of [...new Set(times)].sort((a, b) => a - b)) {
    const last = regions.at(-1);
    if (last && time - last.to <= step) regions[regions.length - 1] = { from: last.from, to: time };
    else regions.push({ from: time, to: time });
  }
  return regions;
}
