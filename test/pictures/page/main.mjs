/** The page: a dashboard's grid with its panels. What it shows is in `window.picture` (test/pictures/answers.ts). */
import { element } from './elements.mjs';
import { drawBars, drawStat } from './stat.mjs';
import { drawTable } from './table.mjs';
import { drawLines } from './timeseries.mjs';

const COLUMNS = 24;
const CELL = 30;
const GAP = 8;
const HEAD = 66;

const DRAW = new Map([
  ['stat', drawStat],
  ['gauge', drawStat],
  ['bargauge', drawBars],
  ['table', drawTable],
  ['timeseries', drawLines],
  ['text', (panel, box) => box.append(element('div', 'words', panel.options?.content ?? ''))],
]);

function draw(picture) {
  const head = element('header');
  head.append(element('h1', '', picture.title));
  const chosen = element('div', 'variables');
  for (const { label, value } of picture.variables) {
    const one = element('span', 'variable');
    one.append(element('b', '', label), element('span', '', value));
    chosen.append(one);
  }
  head.append(chosen);
  document.body.append(head);
  const width = (document.body.clientWidth - GAP) / COLUMNS;
  for (const panel of picture.panels) place(panel, { width, picture });
}

function place(panel, { width, picture }) {
  const { x, y, w, h } = panel.gridPos;
  const box = element('section', panel.type === 'row' ? 'row' : 'panel');
  box.style.left = `${GAP + x * width}px`;
  box.style.top = `${HEAD + y * (CELL + GAP)}px`;
  box.style.width = `${w * width - GAP}px`;
  box.style.height = `${h * CELL + (h - 1) * GAP}px`;
  document.body.append(box);
  if (panel.type === 'row') {
    box.append(
      element(
        'h2',
        '',
        `${panel.collapsed ? '›' : '⌄'} ${panel.title}${panel.collapsed ? ` (${panel.panels.length} panels)` : ''}`,
      ),
    );
    return;
  }
  const title = element('h3', '', panel.title);
  if (panel.description) title.append(element('i', '', 'i'));
  const inside = element('div', 'inside');
  box.append(title, inside);
  const how = DRAW.get(panel.type);
  if (how) how(panel, inside, picture);
  else inside.append(element('div', 'nodata', `a panel of type ${panel.type}, which is not drawn here`));
}

draw(window.picture);
