/** Files and addresses: what can be read, and what is said of the rest. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { checkDashboards } from '../../../../src/cli/dashboards/command.ts';
import { placeOf } from '../../../../src/cli/dashboards/load.ts';
import { readDocument } from '../../../../src/cli/dashboards/read/document.ts';
import { requestOf } from '../../../../src/cli/request.ts';
import { schema } from '../../../../src/config/schema.ts';
import { systemClock } from '../../../../src/run/clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-dashboards-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

async function check(files: readonly string[], json = false) {
  const text = { out: '', err: '' };
  const into = (key: 'out' | 'err') =>
    new Writable({
      write(chunk, _, done) {
        text[key] += String(chunk);
        done();
      },
    });
  const given = { files, config: schema.parse({}), json, clock: systemClock, out: into('out'), err: into('err') };
  return { code: await checkDashboards(given), ...text };
}

const panel = (expr: string, more: object = {}) => ({ id: 1, title: 'P', targets: [{ expr }], ...more });
const good = fileOf('good.json', { title: 'Good', panels: [panel('container_memory_rss')] });
const bad = fileOf('bad.json', { title: 'Bad', panels: [panel('node_load1')] });

describe('exit codes', () => {
  test('0: all works', async () => {
    expect(await check([good])).toEqual({
      code: 0,
      out: `${good}: dashboard "Good"\nworks    panel 1 "P"\n\n1 of 1 panels, variables and annotations work\n`,
      err: '',
    });
  });

  test('0: what asks others is no fault', async () => {
    const other = fileOf('other.json', { title: 'Other', panels: [panel('mysql_up'), panel('container_memory_rss')] });
    expect((await check([other])).code).toBe(0);
  });

  test('1: some does not', async () => {
    const { code, out } = await check([good, bad]);
    expect(code).toBe(1);
    expect(out).toContain(
      `${bad}: dashboard "Bad", with names of node_exporter\nno       panel 1 "P"\n           node_load1 -> machine_load1  Another name.\n\n0 of 1 panels, variables and annotations work, 1 do not\n`,
    );
  });

  test('2: one cannot be read; the others are judged nevertheless', async () => {
    const { code, out, err } = await check([join(folder, 'none.json'), good]);
    expect(code).toBe(2);
    expect(out).toContain('works    panel 1 "P"');
    expect(err).toBe(`plimsoll: cannot read ${folder}/none.json: there is no such file\n`);
  });

  test('as JSON', async () => {
    const { code, out } = await check([bad], true);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      reports: [
        {
          file: bad,
          kind: 'dashboard',
          title: 'Bad',
          madeFor: ['node_exporter'],
          verdicts: [
            {
              item: 'panel 1 "P"',
              status: 'no',
              findings: [
                { status: 'no', name: 'node_load1', use: 'machine_load1', why: 'Another name.', from: 'node_exporter' },
              ],
            },
          ],
        },
      ],
      unreadable: [],
    });
  });

  test('records of one file are known to the others', async () => {
    const records = fileOf(
      'records.yaml',
      'groups: [{name: g, rules: [{record: "a:b:c", expr: container_memory_rss}]}]',
    );
    const uses = fileOf('uses.json', { panels: [panel('sum by (name) (a:b:c)')] });
    expect((await check([uses, records])).out).toContain('works    panel 1 "P"');
    expect((await check([uses])).out).toContain('other    panel 1 "P"');
  });

  test('a title cannot steer the terminal', async () => {
    const evil = fileOf('evil.json', { title: 'a\u001b[2Jb', panels: [panel('up', { title: 'x\u0007\ny' })] });
    const { out } = await check([evil]);
    expect(out).toContain('dashboard "a\ufffd[2Jb"');
    expect(out).toContain('panel 1 "x\ufffd\ufffdy"');
  });
});

describe('what is no dashboard and no rules file', () => {
  test.each([
    ['', 'f is empty; it must hold a dashboard (JSON) or rules (YAML)'],
    ['{"a": ', 'f is not JSON: '],
    [
      '{"a": 1, "b": 2}',
      'f holds a, b: a dashboard has "panels" or "rows", also within "dashboard" or "dashboards"; a rules file has "groups"',
    ],
    ['[1, 2]', 'f holds nothing of that: '],
    ['a: b', 'f holds a: a dashboard has'],
    ['- a', 'f must hold keys and values, such as "groups:"; it holds a list'],
    ['groups: [', 'f is not YAML at line 1, column '],
    ['<!doctype html>', 'f is a web page, not the file itself: give the address of the raw file'],
  ])('%j', (text, words) => {
    expect(() => readDocument(text, 'f')).toThrow(words);
  });

  test('the page of a dashboard at grafana.com: where the dashboard is', () => {
    expect(() => readDocument('<html>', 'https://grafana.com/grafana/dashboards/193-docker/')).toThrow(
      'is a web page: the dashboard itself is at https://grafana.com/api/dashboards/193/revisions/latest/download',
    );
  });
});

describe('forms', () => {
  const items = (content: object): string[] =>
    readDocument(JSON.stringify(content), 'f').flatMap((source) =>
      source.items.map(({ name, queries }) => `${name}: ${queries.map(({ text }) => text)}`),
    );

  test.each([
    ['the dashboard', { panels: [panel('a')] }],
    ['the API’s', { dashboard: { panels: [panel('a')] }, meta: {} }],
    ['a list', [{ dashboard: { panels: [panel('a')] } }]],
    ['a resource', { kind: 'Dashboard', spec: { panels: [panel('a')] } }],
    ['old rows', { rows: [{ panels: [panel('a')] }] }],
    ['a collapsed row', { panels: [{ id: 9, type: 'row', panels: [panel('a')] }] }],
    [
      'the newer schema',
      {
        spec: {
          elements: {
            'panel-1': {
              kind: 'Panel',
              spec: {
                id: 1,
                title: 'P',
                data: {
                  kind: 'QueryGroup',
                  spec: {
                    queries: [
                      { kind: 'PanelQuery', spec: { refId: 'A', query: { kind: 'prometheus', spec: { expr: 'a' } } } },
                    ],
                  },
                },
              },
            },
          },
        },
      },
    ],
  ])('%s', (_what, content) => {
    expect(items(content)).toEqual(['panel 1 "P": a']);
  });

  test('rules: Prometheus’, its operator’s, Grafana’s', () => {
    const rules = [{ alert: 'A', expr: 'a' }];
    expect(items({ groups: [{ rules }] })).toEqual(['alert A: a']);
    expect(items({ kind: 'PrometheusRule', spec: { groups: [{ rules }] } })).toEqual(['alert A: a']);
    const grafanas = [
      {
        title: 'A',
        data: [
          { refId: 'A', model: { expr: 'a' } },
          { refId: 'B', datasourceUid: '__expr__', model: { type: 'threshold' } },
        ],
      },
    ];
    expect(items({ apiVersion: 1, groups: [{ rules: grafanas }] })).toEqual(['alert A: a']);
  });

  test('what is not as it should be is left out', () => {
    const odd = {
      panels: [null, 1, { targets: 'x' }, { targets: [null, {}, { expr: 5 }] }],
      templating: { list: [7, { type: 'query' }] },
      annotations: 3,
    };
    expect(items(odd)).toEqual([]);
  });
});

describe('addresses', () => {
  const servers: ReturnType<typeof createServer>[] = [];
  afterAll(() => {
    for (const server of servers) server.closeAllConnections();
  });

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test('with user and password, which are not shown', async () => {
    let authorization = '';
    const host = await serve((request, response) => {
      authorization = request.headers.authorization ?? '';
      response.end(JSON.stringify({ panels: [panel('up')] }));
    });
    const { code, out } = await check([`http://ann:s3cret@${host}/d.json?token=abc`]);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^http://${host}/d\\.json: dashboard`));
    expect(authorization).toBe(`Basic ${Buffer.from('ann:s3cret').toString('base64')}`);
  });

  test.each([
    [401, 'it answered 401; save the file and give its name, or put user and password into the address'],
    [404, 'it answered 404; there is nothing at this address'],
    [500, 'it answered 500'],
  ])('%i', async (status, words) => {
    const host = await serve((_, response) => response.writeHead(status).end('no'));
    const { code, err } = await check([`http://${host}/x`]);
    expect(code).toBe(2);
    expect(err).toBe(`plimsoll: cannot read http://${host}/x: ${words}\n`);
  });

  test('one that never ends is not read to its end', async () => {
    const piece = Buffer.alloc(1_000_000, 32);
    const host = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    const { err } = await check([`http://${host}/x`]);
    expect(err).toContain('it has more than 8000000 bytes, the most that is read');
  });

  test('one that does not answer is not waited for longer than that', async () => {
    const host = await serve(() => undefined);
    await expect(placeOf(`http://${host}/x`, systemClock, 50).read()).rejects.toThrow(
      `cannot read http://${host}/x: it did not answer within 0.05 s`,
    );
  });
});

describe('the command line', () => {
  test('files, --json, --config', () => {
    const config = fileOf('plimsoll.yaml', 'agent: { families: [tcp] }');
    const request = requestOf(
      ['node', 'plimsoll', 'dashboards', 'check', '--json', '--config', config, 'a.json', 'b.yaml'],
      {},
    );
    expect(request).toMatchObject({
      do: 'dashboards',
      json: true,
      files: ['a.json', 'b.yaml'],
      config: { agent: { families: ['tcp'] } },
    });
  });
});
