/** The screen as a person sees it: a model, a state and a size in, lines of text out. */
import { describe, expect, test } from 'vitest';
import type { Model } from '../../../../src/cli/top/numbers/model.ts';
import { width } from '../../../../src/cli/top/view/text.ts';
import { type Made, modelOf, pageWith, screenOf, T0 } from '../../../support/toppage.ts';

const SIZES = [
  [80, 24],
  [160, 50],
  [40, 10],
  [20, 5],
] as const;

const LONG = 'a-project-with-a-very-long-name-that-somebody-generated_checkout-service-worker-0123456789';

/** Containers c0, c1 …: in ten seconds the first uses 1 s of CPU, the second 2 s and so on. */
function fleet(count: number, more: readonly Made[] = []): Model {
  const page = (seconds: number) =>
    pageWith([
      ...Array.from({ length: count }, (_, i) => ({
        name: `c${i}`,
        cpu: i + seconds * (i + 1) * 0.1,
        memory: 1024 * (i + 1),
      })),
      ...more,
    ]);
  return modelOf(page(0), page(10));
}

describe.each(SIZES)('%d columns and %d rows', (columns, rows) => {
  test.each([0, 3, 100, 500])('%d containers: as many lines as the screen has, none wider', (count) => {
    const model = fleet(count, [
      { name: LONG },
      { name: '数据库-主节点' },
      { name: '🚀🚀-launch' },
      { name: '\u001b[2Jgone\u202e' },
    ]);
    for (const screen of ['table', 'detail', 'help'] as const) {
      for (const group of ['none', 'service', 'host'] as const) {
        const chosen = model.containers.at(-1)?.key;
        const lines = screenOf(model, { state: { screen, group, chosen }, size: { columns, rows } });
        expect(lines).toHaveLength(rows);
        expect(lines.filter((line) => width(line) > columns)).toEqual([]);
        expect(lines.join('')).not.toMatch(/\p{Cc}|\u202e/u);
      }
    }
  });

  test('before anything is read, and when nothing can be, too', () => {
    const error = 'cannot read http://127.0.0.1:9641/metrics: ECONNREFUSED\nStart an agent: plimsoll agent';
    for (const about of [{}, { error }]) {
      const lines = screenOf(undefined, { about, size: { columns, rows } });
      expect(lines).toHaveLength(rows);
      expect(lines.filter((line) => width(line) > columns)).toEqual([]);
    }
  });
});

test('no row is cut without a word, and the numbers of those shown and left out add up', () => {
  const lines = screenOf(fleet(120));
  const shown = lines.filter((line) => /^c\d+ /.test(line));
  // The last one uses 120 * 0.1 s each second: 1200 %.
  expect(shown[0]).toMatch(/^c119 +running +1200 /);
  const status = lines.find((line) => line.includes(' more')) as string;
  expect(status).toMatch(`1–${shown.length} of 120 … ${120 - shown.length} more`);
  expect(screenOf(fleet(3)).join('\n')).toContain('3 shown');
});

test('names give way before numbers: one long name pushes no column off the screen, and its end can be read', () => {
  const size = { columns: 80, rows: 24 };
  const [short, long] = [fleet(3), fleet(3, [{ name: LONG, cpu: 1 }])].map((model) => screenOf(model, { size }));
  const titles = (lines: string[] = []) =>
    lines
      .find((line) => line.startsWith('NAME'))
      ?.trim()
      .split(/ {2,}| (?=[A-Z])/);
  expect(titles(long)).toEqual(titles(short));
  const row = long?.find((line) => line.startsWith('a-proj')) as string;
  expect(row).toMatch(/^a-proj\S+…\S*789 +running +0\.0/);
});

test('columns that have no room are named, and the arrow brings them', () => {
  const narrow = screenOf(fleet(3), { size: { columns: 40, rows: 12 } });
  expect(narrow.join('\n')).toContain('no room for');
  const size = { columns: 20, rows: 12 };
  expect(screenOf(fleet(3), { size }).join('\n')).not.toContain('MEM 2 min');
  expect(screenOf(fleet(3), { size: { columns: 40, rows: 12 }, state: { shift: 4 } }).join('\n')).toContain(
    'MEM 2 min',
  );
});

test('names of two cells a character and of none keep the columns where they are', () => {
  const names = ['plain', '数据库-主节点', '🚀🚀-launch', 'é', 'e\u0301', '\u001b[31mred'];
  const lines = screenOf(modelOf(pageWith(names.map((name) => ({ name, memory: 1024 })))));
  const ends = lines
    .filter((line) => line.includes('running ') && line.includes('1.0K'))
    .map((line) => {
      return width(line.slice(0, line.indexOf('1.0K')));
    });
  expect(ends).toHaveLength(names.length);
  expect(new Set(ends).size).toBe(1);
});

test('at 40 by 10 there is still CPU and memory, and the keys', () => {
  const lines = screenOf(fleet(100), { size: { columns: 40, rows: 10 } });
  expect(lines[1]).toMatch(/^NAME +STATE +CPU % +MEM +NET|^NAME +STATE +CPU % +MEM/);
  expect(lines.at(-1)).toMatch(/^q quit {2}\? help/);
  expect(lines.filter((line) => /^c\d+/.test(line)).length).toBeGreaterThanOrEqual(5);
});

test('what does not run is left out and counted, until somebody asks for all', () => {
  const model = modelOf(pageWith([{ name: 'web' }, { name: 'job', state: 'exited' }]));
  const running = screenOf(model).join('\n');
  expect(running).toContain('1 running, 1 stopped');
  expect(running).toContain('1 stopped (a)');
  expect(running).not.toMatch(/^job/m);
  expect(screenOf(model, { state: { all: true } }).join('\n')).toMatch(/^job +exited/m);
});

test('a filter shows what has all of its words, and says how many it hides', () => {
  const model = modelOf(
    pageWith([
      { name: 'web-1', labels: 'image="nginx:1.27"' },
      { name: 'web-2', labels: 'image="httpd"' },
      { name: 'db', labels: 'image="nginx-like"' },
    ]),
  );
  const lines = screenOf(model, { state: { filter: 'WEB nginx' } }).join('\n');
  expect(lines).toMatch(/^web-1 /m);
  expect(lines).not.toMatch(/^(web-2|db) /m);
  expect(lines).toContain('filter "WEB nginx" hides 2');
  expect(screenOf(model, { state: { filter: 'nothing' } }).join('\n')).toContain('Nothing has "nothing" in it');
});

test('grouped by host: a line for each, how many of its containers run, their sum', () => {
  const page = (cpu: number) =>
    pageWith([
      { name: 'a', labels: 'node="n1"', cpu },
      { name: 'b', labels: 'node="n1"', cpu: 2 * cpu },
      { name: 'c', labels: 'node="n2"', cpu, state: 'running' },
      { name: 'd', labels: 'node="n2"', state: 'exited' },
    ]);
  const model = modelOf(page(0), page(1));
  const lines = screenOf(model, { state: { group: 'host' }, size: { columns: 100, rows: 24 } });
  // 1 s and 2 s in 10 s are 30 %.
  expect(lines.find((line) => line.startsWith('HOST'))).toBeDefined();
  expect(lines.find((line) => line.startsWith('n1'))).toMatch(/^n1 +2 up +30\.0/);
  expect(lines.find((line) => line.startsWith('n2'))).toMatch(/^n2 +1\/2 up +10\.0/);
  // One of them opened.
  const inside = screenOf(model, { state: { within: { by: 'host', name: 'n2' }, all: true } }).join('\n');
  expect(inside).toMatch(/^c /m);
  expect(inside).not.toMatch(/^a /m);
  expect(inside).toContain('in n2 (Esc)');
});

test('against a collector hosts have a column, and several of them no line of one host', () => {
  const model = modelOf(
    pageWith([
      { name: 'a', labels: 'node="n1"' },
      { name: 'a', labels: 'node="n2"' },
    ]),
  );
  const lines = screenOf(model);
  expect(lines[0]).toContain('2 running on 2 hosts');
  expect(lines.find((line) => line.startsWith('NAME'))).toMatch(/^NAME +HOST +STATE/);
  expect(lines.filter((line) => /^a +n[12] +running/.test(line))).toHaveLength(2);
});

test('trouble is in the head, as much as there is room for, and that there is more', () => {
  const trouble = ['sink main takes nothing', 'source cgroup fails', 'third', 'fourth'];
  const lines = screenOf(fleet(3), { about: { trouble } });
  expect(lines.slice(1, 4)).toEqual(['! sink main takes nothing', '! source cgroup fails', '! third … and 1 more (?)']);
  const small = screenOf(fleet(3), { about: { trouble }, size: { columns: 40, rows: 10 } });
  expect(small[1]).toBe('! sink main takes noth… … and 3 more (?)');
  expect(
    screenOf(fleet(3), { about: { trouble }, state: { screen: 'help' }, size: { columns: 80, rows: 60 } }),
  ).toContain('fourth');
});

test('old numbers stay on the screen when the next cannot be had, with why above them', () => {
  const lines = screenOf(fleet(3), { about: { error: 'cannot read http://x: ECONNREFUSED' } });
  expect(lines[1]).toBe('! cannot read http://x: ECONNREFUSED');
  expect(lines.join('\n')).toMatch(/^c2 /m);
});

test('what ended lately is below the table, with exit code and whether memory was short', () => {
  const own = 'id="/docker/9",name="job"';
  const end = `container_state{${own},state="exited"} 1\ncontainer_exit_code{${own}} 137\ncontainer_oom_killed{${own}} 1
container_finished_time_seconds{${own}} ${T0 / 1000 - 30}\n`;
  const lines = screenOf(modelOf(pageWith([{ name: 'web' }], end)));
  expect(lines).toContain('LATELY');
  expect(lines.join('\n')).toMatch(/30s ago {2}job {2}exited with 137, killed for want of memory/);
});

test('what happens again and again is one line, and how often', () => {
  const own = 'id="/docker/9",name="flapping"';
  const page = (restarts: number) =>
    pageWith(
      [{ name: 'web' }],
      `container_state{${own},state="running"} 1\ncontainer_restarts_total{${own}} ${restarts}\n`,
    );
  const lines = screenOf(modelOf(page(0), page(1), page(2), page(3)));
  expect(lines.filter((line) => line.includes(' ago '))).toEqual(['  0s ago  flapping  restarted ×3']);
});

test('one container in detail: limits, what is used of them, and what is known besides', () => {
  const own = 'id="/docker/0",name="web"';
  const more = `container_spec_memory_limit_bytes{${own}} 2048\ncontainer_threads{${own}} 7\ncontainer_threads_max{${own}} 100
container_restarts_total{${own}} 3\ncontainer_start_time_seconds{${own}} ${T0 / 1000 - 7200}\n`;
  const model = modelOf(pageWith([{ name: 'web', memory: 1024 }], more));
  const text = screenOf(model, {
    state: { screen: 'detail', chosen: model.containers[0]?.key },
    size: { columns: 100, rows: 40 },
  }).join('\n');
  expect(text).toContain('1.0K of 2.0K [██████████··········] 50 %');
  expect(text).toMatch(/threads +7 of 100/);
  expect(text).toMatch(/restarts +3/);
  // Two hours before a moment of 2027.
  expect(text).toMatch(/up +2h, since 2027-01-15 06:00:00Z/);
});

test('nothing answers: what was tried, and what to do', () => {
  const error =
    'cannot read http://127.0.0.1:9641/metrics: ECONNREFUSED\nTo watch this machine, start an agent here: plimsoll agent';
  const text = screenOf(undefined, { about: { error } }).join('\n');
  expect(text).toContain('cannot read http://127.0.0.1:9641/metrics');
  expect(text).toContain('start an agent here: plimsoll agent');
});

test('a collector without its page of containers: its groups, which are looked at one by one and open into nothing', () => {
  const page = (cpu: number) =>
    `service_containers{project="shop",service="web"} 2\nservice_cpu_usage_seconds_total{project="shop",service="web"} ${cpu}\n`;
  const model = modelOf(page(1), page(2));
  for (const group of ['none', 'service'] as const) {
    const lines = screenOf(model, { state: { group } });
    // 1 s in 10 s.
    expect(lines.find((line) => line.startsWith('service shop/web'))).toMatch(/^service shop\/web +0\/2 up +10\.0/);
  }
  const detail = screenOf(model, { state: { screen: 'detail', chosen: model.groups[0]?.key } }).join('\n');
  expect(detail).toContain('10.0 % of a core');
});
