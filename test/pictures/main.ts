/**
 * `npm run pictures [-- record] [docs] [few] [many] [fleet …]`: renders dashboards/grafana to PNG files, `docs` those of the documentation. They are our own renderings of what the JSON says
 * and a real Prometheus answers, in Chromium; not Grafana's. `record` lets one watch first, which takes root and some minutes.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Board, boards } from '../support/boards.ts';
import { type Chosen, pictureOf, reopen, type Watched } from './answers.ts';
import { screenshot } from './chromium.ts';
import { folderOf, ROOT, STAGES, type StageName } from './places.ts';
import { smallPng } from './png.ts';
import { record } from './record.ts';

const SECONDS = 150;

/** The pictures that the documentation has: of which recording, and what somebody has chosen. */
const IN_DOCS: readonly { readonly name: string; readonly stage: StageName; readonly chosen?: Chosen }[] = [
  { name: 'fleet', stage: 'many' },
  { name: 'host', stage: 'few' },
  { name: 'service', stage: 'many' },
  { name: 'container', stage: 'few' },
  { name: 'kubernetes', stage: 'many' },
  { name: 'pipeline', stage: 'few' },
];
const DOCS = join(ROOT, 'dashboards', 'pictures');
/** Of a dashboard that is longer the beginning. */
const DOCS_HEIGHT = 1500;

async function main(args: readonly string[]): Promise<void> {
  const named = STAGES.filter((stage) => args.includes(stage));
  const stages = named.length > 0 ? named : STAGES;
  const wanted = args.filter((arg) => !['record', 'docs', ...STAGES].includes(arg));
  if (args.includes('record')) await Promise.all(stages.map((stage) => record(stage, SECONDS)));
  for (const stage of stages) {
    const watched = await reopen(stage);
    try {
      if (args.includes('docs')) await drawDocs(watched, stage);
      else await drawAll(watched, { stage, wanted });
    } finally {
      await watched.stop();
    }
  }
}

async function drawAll(
  watched: Watched,
  { stage, wanted }: { stage: StageName; wanted: readonly string[] },
): Promise<void> {
  for (const board of boards('prometheus')) {
    if (wanted.length === 0 || wanted.includes(nameOf(board))) console.log(await draw(board, { watched, stage }));
  }
}

async function drawDocs(watched: Watched, stage: StageName): Promise<void> {
  mkdirSync(DOCS, { recursive: true });
  const all = boards('prometheus');
  for (const { name, chosen } of IN_DOCS.filter((each) => each.stage === stage)) {
    const board = all.find((each) => nameOf(each) === name) as Board;
    const png = smallPng(readFileSync(await draw(board, { watched, stage, chosen })), DOCS_HEIGHT);
    writeFileSync(join(DOCS, `${name}.png`), png);
    console.log(`${DOCS}/${name}.png ${png.length} bytes`);
  }
}

function nameOf({ file }: Board): string {
  return file.replace(/^.*\/|\.json$/g, '');
}

interface Drawing {
  readonly watched: Watched;
  readonly stage: StageName;
  readonly chosen?: Chosen | undefined;
}

/** Answers the file of the picture. */
async function draw(board: Board, { watched, stage, chosen = {} }: Drawing): Promise<string> {
  const picture = await pictureOf(board, watched, chosen);
  const page = join(folderOf(stage), `${nameOf(board)}.html`);
  const png = join(folderOf(stage), `${nameOf(board)}${Object.keys(chosen).length > 0 ? '-chosen' : ''}.png`);
  writeFileSync(page, pageOf(picture));
  await screenshot({ page, png, ...sizeOf(picture.panels) });
  return png;
}

/** Grafana's grid: 24 columns; a row of it has 30 pixels and 8 between two. */
function sizeOf(panels: readonly { readonly gridPos: { readonly y: number; readonly h: number } }[]) {
  const rows = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  return { width: 1440, height: rows * 38 + 90 };
}

/** One file with everything in it: nothing is loaded from anywhere. */
function pageOf(picture: object): string {
  const script = readFileSync(join(ROOT, '.cache/pictures/page.js'), 'utf8');
  const styles = ['node_modules/uplot/dist/uPlot.min.css', 'test/pictures/page/page.css'].map((file) =>
    readFileSync(join(ROOT, file), 'utf8'),
  );
  const data = JSON.stringify(picture).replaceAll('<', '\\u003c');
  return `<!doctype html><meta charset="utf-8"><style>${styles.join('\n')}</style><body><script>window.picture=${data};</script><script>${script}</script>`;
}

await main(process.argv.slice(2));
