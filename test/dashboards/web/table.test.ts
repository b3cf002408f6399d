/** The table's pure parts: the filter's language, orders, groups, small curves. */
import { expect, test } from 'vitest';
import { filterOf, termsOf } from '../../../dashboards/web/table/filter.ts';
import { grouped, itemsOf, shownIn, sorted } from '../../../dashboards/web/table/order.ts';
import { sparkPath } from '../../../dashboards/web/table/spark.ts';
import { isPresent, withoutRegistry } from '../../../dashboards/web/table/words.ts';
import { row } from './row.ts';

const MIB = 1024 ** 2;
const rows = [
  row({
    name: 'web-1',
    image: 'nginx:1',
    project: 'shop',
    service: 'web',
    cpu: 0.5,
    memory: 100 * MIB,
    memoryLimit: 200 * MIB,
  }),
  row({
    name: 'web-10',
    image: 'nginx:1',
    project: 'shop',
    service: 'web',
    cpu: 0.1,
    memory: 50 * MIB,
    health: 'unhealthy',
  }),
  row({ name: 'web-2', node: 'web-2', project: 'shop', service: 'web', cpu: null, memory: 60 * MIB }),
  row({
    name: 'db',
    image: 'postgres:16',
    project: 'shop',
    service: 'db',
    cpu: 1.5,
    memory: 900 * MIB,
    memoryLimit: 1000 * MIB,
  }),
  row({ name: 'lonely', restarts: 3 }),
];

function found(text: string): string[] {
  return rows.filter(filterOf(text)).map(({ name }) => name);
}

test.each([
  ['', ['web-1', 'web-10', 'web-2', 'db', 'lonely']],
  ['web', ['web-1', 'web-10', 'web-2', 'db', 'lonely']], // The host is called so, too.
  ['name:web', ['web-1', 'web-10', 'web-2']],
  ['name:WEB -nginx', ['web-2']],
  ['host:web-2', ['web-2']],
  ['service:db', ['db']],
  ['health:unhealthy', ['web-10']],
  ['memory>99M', ['web-1', 'db']],
  ['memory>=100MiB', ['web-1', 'db']],
  ['memory%>=90', ['db']],
  ['cpu>100', ['db']],
  ['cpu<20%', ['web-10']], // What is not known is not less than anything.
  ['restarts>0', ['lonely']],
  ['-restarts>0 host:web-1 nginx', ['web-1', 'web-10']],
  ['memory>', []], // No number: looked for as it stands.
  ['host:', ['web-1', 'web-10', 'web-2', 'db', 'lonely']], // Being typed, it hides nothing.
  ['"postgres:16"', ['db']],
  ['(', []],
])('the filter %j', (text, expected) => {
  expect(found(text)).toEqual(expected);
});

test('a quote that is not closed yet holds together', () => {
  expect(termsOf('a "b c')).toEqual(['a', 'b c']);
});

test('what is not known comes last, either way; web-2 is before web-10', () => {
  const names = (upwards: boolean): string[] => sorted(rows, ({ cpu }) => cpu, upwards).map(({ name }) => name);
  expect(names(false)).toEqual(['db', 'web-1', 'web-10', 'lonely', 'web-2']);
  expect(names(true)).toEqual(['web-10', 'web-1', 'db', 'lonely', 'web-2']);
  expect(sorted(rows, ({ name }) => name, true).map(({ name }) => name)).toEqual([
    'db',
    'lonely',
    'web-1',
    'web-2',
    'web-10',
  ]);
});

test('groups have the sums of their members, and stand in the order of what is sorted by', () => {
  const key = ({ memory }: { memory: number | null }) => memory;
  const groups = grouped(sorted(rows, key, false), 'service', { key, upwards: false });
  expect(groups.map(({ title, members }) => [title, members.length])).toEqual([
    ['shop/db', 1],
    ['shop/web', 3],
    ['of no service', 1],
  ]);
  const web = groups[1]!;
  // 100 + 50 + 60 MiB; 0.5 + 0.1 cores, and one that is not known.
  expect([web.memory, web.cpu?.toFixed(3), web.bad]).toEqual([210 * MIB, '0.600', 1]);
  expect(web.subject).toEqual({ kind: 'service', project: 'shop', service: 'web' });
  expect(groups[2]!.subject).toBeUndefined();
  const items = itemsOf(groups, new Set([web.key]));
  expect(items.map((item) => (item.kind === 'group' ? item.group.title : item.row.name))).toEqual([
    'shop/db',
    'db',
    'shop/web',
    'of no service',
    'lonely',
  ]);
});

test('two services of the same name in two projects are two groups', () => {
  const two = [row({ project: 'a', service: 'web' }), row({ project: 'b', service: 'web' })];
  expect(grouped(two, 'service', { key: () => 0, upwards: false })).toHaveLength(2);
});

test('a small curve has its gaps, and its newest value at the right', () => {
  const size = { width: 30, height: 12, points: 4, least: 1 };
  // Ten pixels apart; 1 is at the top (y 1), 0 at the bottom (y 11), 0.5 in the middle.
  expect(sparkPath([0, 1, 0.5, 1], size)).toBe('M0 11L10 1L20 6L30 1');
  expect(sparkPath([0, null, 1, 1], size)).toBe('M0 11M20 1L30 1');
  expect(sparkPath([0.5], size)).toBe('M30 6h0.01');
  expect(sparkPath([], size)).toBe('');
  // Twice as much as the least is all of the height.
  expect(sparkPath([2, 1], { ...size, points: 2 })).toBe('M0 1L30 6');
});

test('who scrolls by three rows changes three elements, and every row that is to be seen is drawn once', () => {
  expect(shownIn({ from: 0, count: 5, all: 100 })).toEqual([0, 1, 2, 3, 4]);
  // The elements of rows 0 to 2 are those of 5 to 7 now.
  expect(shownIn({ from: 3, count: 5, all: 100 })).toEqual([5, 6, 7, 3, 4]);
  expect(shownIn({ from: 5, count: 5, all: 100 })).toEqual([5, 6, 7, 8, 9]);
  expect(shownIn({ from: 0, count: 5, all: 3 })).toEqual([0, 1, 2]);
});

test('a container that is started again and again does not come and go in the list', () => {
  const ended = { state: 'exited', runs: false, finished: 1_800_000_000 };
  const again = row({ ...ended, facts: { restart_policy: 'always' } });
  expect(isPresent(again, 1_800_000_010)).toBe(true);
  // The engine's longest pause between two starts is a minute; after two it has given up, or somebody has stopped it.
  expect(isPresent(again, 1_800_000_120)).toBe(false);
  expect(isPresent(row({ ...ended, facts: { restart_policy: 'no' } }), 1_800_000_010)).toBe(false);
  expect(isPresent(row(ended), 1_800_000_010)).toBe(false);
  expect(isPresent(row({ state: 'running' }), 1_800_000_010)).toBe(true);
});

test('an image is shown by what tells it apart: without its registry, as the engine reads names', () => {
  expect(withoutRegistry('registry.example/shop/web:2.1')).toBe('shop/web:2.1');
  expect(withoutRegistry('localhost:5000/web')).toBe('web');
  expect(withoutRegistry('shop/web:2.1')).toBe('shop/web:2.1');
  expect(withoutRegistry('nginx:1.25')).toBe('nginx:1.25');
  expect(withoutRegistry('web@sha256:aa')).toBe('web@sha256:aa');
  expect(withoutRegistry('')).toBe('');
});
