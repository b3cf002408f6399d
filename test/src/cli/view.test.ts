/** The live table: two pages of samples in, lines of text out. */
import { expect, test } from 'vitest';
import { parseSamples } from '../../../src/cli/promtext.ts';
import { bytes, drawTable, readingTimeMs, sumUp, viewRows } from '../../../src/cli/view.ts';

const FIRST = `
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{cpu="total",id="/",} 100
container_cpu_usage_seconds_total{cpu="total",id="/docker/a",name="web"} 10
container_cpu_cfs_periods_total{id="/docker/a",name="web"} 100
container_cpu_cfs_throttled_periods_total{id="/docker/a",name="web"} 40
container_network_receive_bytes_total{id="/docker/a",interface="eth0",name="web"} 1000
container_network_receive_bytes_total{id="/docker/a",interface="eth1",name="web"} 500
container_memory_working_set_bytes{id="/docker/a",name="web"} 1048576
container_spec_memory_limit_bytes{id="/docker/a",name="web"} 67108864
container_state{id="/docker/a",name="web",state="running"} 1
container_state{id="/docker/a",name="web",state="exited"} 0
container_health_status{id="/docker/a",name="web",status="healthy"} 1
container_state{id="/docker/b",name="job",state="exited"} 1
container_exit_code{id="/docker/b",name="job"} 137
`;

// 10 s later: the host used 15 s, web 2 s of CPU; 100 more periods, 95 of them throttled; 3000 + 7000 bytes came in.
const SECOND = FIRST.replace('"/",} 100', '"/",} 115')
  .replace('name="web"} 10\n', 'name="web"} 12\n')
  .replace('_periods_total{id="/docker/a",name="web"} 100', '_periods_total{id="/docker/a",name="web"} 200')
  .replace('name="web"} 40\n', 'name="web"} 135\n')
  .replace('"eth0",name="web"} 1000', '"eth0",name="web"} 4000')
  .replace('"eth1",name="web"} 500', '"eth1",name="web"} 7500');

function table(first: string | undefined, second: string, columns = 200): string[] {
  const before = first === undefined ? undefined : sumUp(parseSamples(first));
  return drawTable(viewRows(sumUp(parseSamples(second)), before, 10), { columns, rows: 20 });
}

test('rates are of two readings, interfaces are added up, the host comes first', () => {
  const [head, host, web, job] = table(FIRST, SECOND).map((line) => line.trim().split(/ {2,}/).join(' | '));
  expect(head).toMatch(/^NAME/);
  // 15 s in 10 s: 150 % of a core.
  expect(host).toBe('(host) | 150.0');
  // 2 s in 10 s: 20 %; 95 of 100 periods; 1 MiB of 64; (3000 + 7000) / 10 s = 1000 bytes a second.
  expect(web).toBe('web | running | healthy | 20.0 | 95.0 | 1.0 MiB | 64.0 MiB | 1.0 KiB');
  expect(job).toBe('job | exited (137)');
});

test('without an earlier reading there are no rates, and after a restart neither', () => {
  expect(table(undefined, FIRST)[2]).not.toContain('20.0');
  expect(table(SECOND, FIRST)[2]).not.toContain('-');
});

test('a line is never longer than the terminal, and control characters of a name do nothing', () => {
  const hostile = 'container_state{id="/x",name="\u001b[2Jgone",state="running"} 1\n';
  for (const line of table(undefined, FIRST + hostile, 40)) expect(line.length).toBeLessThanOrEqual(40);
  expect(table(undefined, hostile).join('')).not.toContain('\u001b');
});

test('label values come back as they were before they were escaped', () => {
  const [sample] = parseSamples('m{a="x\\"y\\\\z\\nw",b="}"} 1.5e3 1700000000000\n');
  expect([...(sample?.labels ?? [])]).toEqual([
    ['a', 'x"y\\z\nw'],
    ['b', '}'],
  ]);
  expect(sample?.value).toBe(1500);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KiB'],
  [1_048_576, '1.0 MiB'],
  [250 * 1024 ** 3, '250 GiB'],
  [undefined, ''],
])('%s bytes', (value, text) => expect(bytes(value)).toBe(text));

test('a page’s time is that of its readings, so that a page asked for twice in a tick gives no rate of zero', () => {
  const at = (text: string) => readingTimeMs(parseSamples(text));
  const seen = 'container_last_seen{id="/docker/a"} 1700000000.25\ncontainer_last_seen{id="/docker/b"} 1700000000.5';
  const tick = 'plimsoll_agent_last_tick_seconds 1700000000';
  expect(at(`${seen}\n${tick}`)).toBe(1_700_000_000_500);
  // Without a container there is none.
  expect(at(tick)).toBe(1_700_000_000_000);
  expect(at('plimsoll_collector_last_window_seconds 1700000010')).toBe(1_700_000_010_000);
  expect(at('container_cpu_usage_seconds_total{id="/"} 100')).toBeUndefined();
});

test('two hosts keep their own rows, though both have "/" and a unit of one name, and the nodes have a column', () => {
  const page = (a: number, b: number) =>
    ['web-1', 'web-2']
      .flatMap((node) => [
        `container_cpu_usage_seconds_total{cpu="total",id="/",node="${node}"} ${node === 'web-1' ? a : b}`,
        `container_memory_working_set_bytes{id="/system.slice/cron.service",node="${node}"} ${node === 'web-1' ? 1024 ** 2 : 2 * 1024 ** 2}`,
      ])
      .join('\n');
  const lines = table(page(100, 900), page(101, 905)).map((line) => line.trim().split(/ {2,}/).join(' | '));
  expect(lines[0]).toMatch(/^NAME \| NODE \| STATE/);
  // 1 s and 5 s of CPU in 10 s; added up they were 60 % of one host.
  expect(lines.slice(1)).toEqual([
    '(host) | web-2 | 50.0',
    '(host) | web-1 | 10.0',
    '/system.slice/cron.service web-1 | 1.0 MiB',
    '/system.slice/cron.service web-2 | 2.0 MiB',
  ]);
});

test('what does not fit is named: rows that were cut, and columns', () => {
  const page = Array.from({ length: 120 }, (_, i) => `container_threads{id="/docker/${i}",name="c${i}"} 1`).join('\n');
  const rows = viewRows(sumUp(parseSamples(page)), undefined, 0);
  const tall = drawTable(rows, { columns: 200, rows: 22 });
  expect(tall).toHaveLength(22);
  expect(tall[0]).toBe('20 of 120, sort: cpu');
  expect(tall[1]).toMatch(/^NAME/);
  // 4 + 1 + 12 + 1 + 9 + 1 + 7 + 1 + 9 + 1 + 9 + 1 + 9 + 1 + 9 = 75; NET OUT/s would end at 85.
  const narrow = drawTable(rows, { columns: 80, rows: 200 });
  expect(narrow[0]).toBe('120 of 120, sort: cpu; too narrow for NET OUT/s, READ/s, WRITE/s, RESTARTS');
  expect(narrow[1]).toMatch(/NET IN\/s$/);
  expect(drawTable(rows, { columns: 200, rows: 121 })[0]).toMatch(/^NAME/);
});
