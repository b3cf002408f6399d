/** The Grafana dashboards as files: what the generator makes, only names that exist, and links that lead somewhere. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allDashboards, textOf } from '../../dashboards/grafana/generator/all.ts';
import { type Board, boards, GRAFANA, linksOf, queriesOf, variableQuery } from '../support/boards.ts';
import { withoutVariables } from '../support/boardvalues.ts';
import { catalogueMetrics, nameProblems, readExpression } from '../support/promnames.ts';

const all = boards();
const prometheus = boards('prometheus');
const byUid = new Map(all.map((board) => [board.uid, board]));

test('the files are what the generator makes: run `npm run dashboards`', () => {
  const made = allDashboards();
  expect(all.map(({ file }) => file).sort()).toEqual([...made.keys()].sort());
  for (const [file, dashboard] of made) {
    expect(existsSync(join(GRAFANA, file)), file).toBe(true);
    expect(readFileSync(join(GRAFANA, file), 'utf8') === textOf(dashboard), `${file} is not what is made`).toBe(true);
  }
});

describe('each dashboard', () => {
  test.each(all.map((board) => [board.file, board] as const))(
    '%s: half an hour, every ten seconds, and its own name',
    (file, board) => {
      expect(board.time).toEqual({ from: 'now-30m', to: 'now' });
      expect(board.refresh).toBe('10s');
      expect(file.endsWith(`/${board.uid.split('-').at(-1)}.json`)).toBe(true);
      expect(board.description).not.toBe('');
      // Side by side with the others of its store, with what was chosen.
      expect(board.links).toMatchObject([{ tags: [board.tags[1]], includeVars: true, keepTime: true }]);
    },
  );

  test.each(all.map((board) => [board.file, board] as const))(
    '%s: panels have titles, units, places of their own',
    (_file, board) => {
      const ids = board.panels.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      const taken = new Set<string>();
      for (const {
        title,
        type,
        gridPos: { x, y, w, h },
        fieldConfig,
      } of board.panels) {
        expect(title).not.toBe('');
        expect(x + w, title).toBeLessThanOrEqual(24);
        if (type !== 'row' && type !== 'table') expect(fieldConfig?.defaults.unit, title).toBeTruthy();
        for (let i = x; i < x + w; i++)
          for (let j = y; j < y + h; j++) {
            expect(taken.has(`${i} ${j}`), `${title} lies on another`).toBe(false);
            taken.add(`${i} ${j}`);
          }
      }
    },
  );
});

test('uids and titles are there once', () => {
  expect(byUid.size).toBe(all.length);
  expect(new Set(all.map(({ title }) => title)).size).toBe(all.length);
});

describe('links', () => {
  const links = all.flatMap((board) =>
    board.panels.flatMap((panel) => linksOf(panel).map((link) => ({ board, panel, link }))),
  );

  test('lead to dashboards that exist, set variables that these have, and keep the time', () => {
    expect(links.length).toBeGreaterThan(20);
    for (const { board, panel, link } of links) {
      const where = `${board.file}, ${panel.title}: ${link.url}`;
      const [, uid = '', query = ''] = /^\/d\/([^?]+)\?(.*)$/.exec(link.url ?? '') ?? [];
      const target = byUid.get(uid);
      expect(target, where).toBeDefined();
      // Of the same store: its numbers are from the same place.
      expect(target?.tags, where).toEqual(board.tags);
      expect(query, where).toContain(`\${__url_time_range}`);
      const has = (of: Board | undefined) => new Set(of?.templating.list.map(({ name }) => name));
      for (const [, name = ''] of query.matchAll(/var-(\w+)=/g)) expect(has(target), where).toContain(name);
      for (const [, name = ''] of query.matchAll(/\$\{(\w+):queryparam\}/g)) {
        expect(has(target), where).toContain(name);
        expect(has(board), where).toContain(name);
      }
    }
  });

  test('take what was clicked from a column or label that is there', () => {
    for (const { board, panel, link } of links) {
      const where = `${board.file}, ${panel.title}: ${link.url}`;
      const renamed = panel.transformations?.find(({ id }) => id === 'organize')?.options.renameByName ?? {};
      for (const [, column = ''] of (link.url ?? '').matchAll(/__data\.fields\["([^"]+)"\]/g))
        expect(Object.values(renamed), where).toContain(column);
      const text = (panel.targets ?? []).map(({ expr = '', query = '' }) => expr + query).join('\n');
      for (const [, label = ''] of (link.url ?? '').matchAll(/__field\.labels\.(\w+)/g))
        expect(text, where).toContain(label);
    }
  });

  test('variables that are asked for are the dashboard’s own', () => {
    const builtIn = new Set(['__rate_interval', '__interval', '__range', '__timeFilter', 'timeFilter', '1']);
    for (const { board, target, where } of queriesOf(all)) {
      const names = new Set(board.templating.list.map(({ name }) => name));
      for (const [, name = ''] of (target.expr ?? target.query ?? '').matchAll(/\$\{?(\w+)/g))
        expect(names.has(name) || builtIn.has(name), `${where}: $${name}`).toBe(true);
    }
  });
});

describe('PromQL', () => {
  const known = catalogueMetrics();

  function expectKnown(query: string, where: string): void {
    const expr = withoutVariables(query);
    const { selectors, reads, makes } = readExpression(expr);
    // An alert has the labels that its rule gives it.
    if (selectors.some(({ metric }) => metric === 'ALERTS')) return;
    expect(nameProblems(expr, known), where).toEqual([]);
    // Grouped by a label of something else, everything would be one.
    const possible = new Set([...makes, ...selectors.flatMap(({ metric }) => [...(known.get(metric)?.keys() ?? [])])]);
    for (const label of reads) expect(possible, `${where}: by ${label}`).toContain(label);
  }

  test('every panel asks for metrics and labels of the catalogue', () => {
    const asked = queriesOf(prometheus);
    expect(asked.length).toBeGreaterThan(150);
    for (const { target, where } of asked) expectKnown(target.expr ?? '', where);
  });

  test('so does every variable and every annotation', () => {
    for (const { file, templating, annotations } of prometheus) {
      for (const variable of templating.list.filter(({ type }) => type === 'query')) {
        const [, inner = ''] =
          /^(?:query_result|label_values)\((.*?)(?:, (?:cluster|instance|node|job|namespace|pod))?\)$/.exec(
            variableQuery(variable),
          ) ?? [];
        expectKnown(inner, `${file}, ${variable.name}`);
      }
      for (const { name, expr = '' } of annotations.list ?? []) expectKnown(expr, `${file}, ${name}`);
    }
  });

  test('a legend names only labels that the query keeps', () => {
    for (const { target, where } of queriesOf(prometheus)) {
      const { reads, selectors } = readExpression(withoutVariables(target.expr ?? ''));
      const kept =
        reads.size > 0 ? reads : new Set(selectors.flatMap(({ metric }) => [...(known.get(metric)?.keys() ?? [])]));
      for (const [, label = ''] of (target.legendFormat ?? '').matchAll(/\{\{(\w+)\}\}/g))
        expect(kept, `${where}: ${target.legendFormat}`).toContain(label);
    }
  });
});
