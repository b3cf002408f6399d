/**
 * `npm run pictures [-- record] [few] [many] [fleet …]`: renders dashboards/grafana to PNG files. They are our own renderings of what the JSON says
 * and a real Prometheus answers, in Chromium; not Grafana's. `record` lets one watch first, which takes root and some minutes.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { boards } from '../support/boards.ts';
import { pictureOf, reopen } from './answers.ts';
import { screenshot } from './chromium.ts';
import { folderOf, ROOT, STAGES, type StageName } from './places.ts';
import { record } from './record.ts';

const SECONDS = 150;

async function main(args: readonly string[]): Promise<void> {
  const named = STAGES.filter((stage) => args.includes(stage));
  const stages = named.length > 0 ? named : STAGES;
  const wanted = args.filter((arg) => arg !== 'record' && !STAGES.includes(arg as StageName));
  if (args.includes('record')) await Promise.all(stages.map((stage) => record(stage, SECONDS)));
  for (const stage of stages) await draw(stage, wanted);
}

async function draw(stage: StageName, wanted: readonly string[]): Promise<void> {
  const watched = await reopen(stage);
  const out = join(folderOf(stage), 'png');
  mkdirSync(out, { recursive: true });
  try {
    for (const board of boards('prometheus')) {
      const name = board.file.replace(/^.*\/|\.json$/g, '');
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      const picture = await pictureOf(board, watched);
      const page = join(folderOf(stage), `${name}.html`);
      writeFileSync(page, pageOf(picture));
      await screenshot({ page, png: join(out, `${name}.png`), ...sizeOf(picture.panels) });
      console.log(`${out}/${name}.png`);
    }
  } finally {
    await watched.stop();
  }
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
