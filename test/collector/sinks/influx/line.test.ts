/** The line encoder against lines worked out by hand from the protocol's rules. */
import { describe, expect, test } from 'vitest';
import { createEncoder, type Line } from '../../../../collector/sinks/influx/line.ts';
import type { LevelTable } from '../../../../src/model/batch.ts';
import { T0, table } from '../../../support/tables.ts';

const encode = (given: LevelTable, idField = true): Line[] => [...createEncoder({ idField }).lines(given)];
const texts = (given: LevelTable): (string | undefined)[] => encode(given).map((line) => line.text);

/** The line of one row with one field `v` of 1. */
const tagged = (labels: Record<string, string>): string | undefined =>
  texts(table({ measurement: 'm', columns: ['v'], rows: [[labels, [1]]] }))[0];

test('a family’s numbers of one container are one line, the id a field, absent numbers left out', () => {
  const given = table({
    measurement: 'container_cpu',
    columns: [
      { metric: 'container_cpu_usage_seconds_total', field: 'usage_seconds_total', labels: [['cpu', 'total']] },
      { metric: 'container_cpu_cfs_periods_total', field: 'cfs_periods_total' },
      { metric: 'container_spec_cpu_limit_cores', field: 'spec_cpu_limit_cores' },
    ],
    rows: [
      [{ node: 'h1', name: 'web', image: 'nginx:1', id: 'aa11' }, [12.5, Number.NaN, 0.2]],
      [{ node: 'h1', name: 'db', image: 'pg:16', id: 'bb22' }, [Number.NaN, Number.NaN, Number.NaN]],
      [{ node: 'h1', id: '/' }, [99, Number.NaN, Number.NaN]],
    ],
    timeMs: 1_700_000_000_123,
  });
  expect(encode(given)).toEqual([
    {
      text: 'container_cpu,image=nginx:1,name=web,node=h1 usage_seconds_total=12.5,spec_cpu_limit_cores=0.2,id="aa11" 1700000000123',
      samples: 2,
    },
    { text: 'container_cpu,cgroup=/,node=h1 usage_seconds_total=99 1700000000123', samples: 1 },
  ]);
});

test.each([
  [0, '0'],
  [-0, '0'],
  [5, '5'],
  [0.1, '0.1'],
  [-2.5, '-2.5'],
  [2 ** 53, '9007199254740992'],
  [1e21, '1e+21'],
  [5e-324, '5e-324'],
])('the number %d is the float %s: never an integer’s suffix', (value, expected) => {
  const given = table({ measurement: 'm', columns: ['v'], rows: [[{}, [value]]] });
  expect(texts(given)).toEqual([`m v=${expected} ${T0}`]);
});

test('infinities are left out like what is absent', () => {
  const rows = [
    [{}, [Number.POSITIVE_INFINITY, 1]],
    [{}, [Number.NEGATIVE_INFINITY, Number.NaN]],
  ] as const;
  expect(texts(table({ measurement: 'm', columns: ['v', 'w'], rows }))).toEqual([`m w=1 ${T0}`]);
});

describe('tags', () => {
  test.each([
    ['space', 'a b', 'a\\ b'],
    ['comma', 'a,b', 'a\\,b'],
    ['equals sign', 'a=b', 'a\\=b'],
    ['all three at the edges', ' a,=', '\\ a\\,\\='],
    ['quotes stay', 'say "hi" \'you\'', 'say\\ "hi"\\ \'you\''],
    ['newline', 'two\nlines', 'two\\ lines'],
    ['carriage return, tab and NUL', 'a\r\t\u0000b', 'a\\ \\ \\ b'],
    ['backslash before a letter stays', 'C:\\temp', 'C:\\temp'],
    ['backslash at the end', 'C:\\', 'C:/'],
    ['two at the end', 'C:\\\\', 'C://'],
    ['before a space', 'a\\ b', 'a/\\ b'],
    ['before a comma', 'a\\,b', 'a/\\,b'],
    ['before an equals sign', 'a\\=b', 'a/\\=b'],
    ['before a newline, which becomes a space', 'a\\\nb', 'a/\\ b'],
    ['a pair', '\\\\server\\share', '/\\server\\share'],
    ['hash', '#1', '#1'],
    ['what is not Latin', 'größe🐳', 'größe🐳'],
    ['half of a pair', 'a\ud83db', 'a\ufffdb'],
  ])('value with %s', (_, value, expected) => {
    expect(tagged({ t: value })).toBe(`m,t=${expected} v=1 ${T0}`);
  });

  test('key with everything', () => {
    expect(tagged({ 'a b,c=d\\': 'x' })).toBe(`m,a\\ b\\,c\\=d/=x v=1 ${T0}`);
  });

  test('sorted by key, an empty one left out', () => {
    expect(tagged({ z: '1', a: '2', m: '', B: '3' })).toBe(`m,B=3,a=2,z=1 v=1 ${T0}`);
  });

  test.each(['__proto__', 'constructor', 'toString'])('named %s is only a tag', (name) => {
    expect(tagged({ [name]: 'x' } as Record<string, string>) ?? '').toContain('v=1');
    expect(texts(table({ measurement: 'm', columns: ['v'], rows: [[[[name, 'x']], [1]]] }))[0]).toBe(
      `m,${name}=x v=1 ${T0}`,
    );
  });

  test('a reserved name, or one that a field has, is renamed; both keep their values', () => {
    expect(tagged({ time: 'x', _field: 'y', _measurement: 'z' })).toBe(
      `m,_field_label=y,_measurement_label=z,time_label=x v=1 ${T0}`,
    );
    expect(tagged({ v: 'x' })).toBe(`m,v_label=x v=1 ${T0}`);
  });

  test('the same row in a table without that field keeps its name', () => {
    const row = { labels: table({ columns: ['v'], rows: [[{ v: 'x' }, [1]]] }).rows[0]?.labels as never };
    const encoder = createEncoder({ idField: true });
    const lines = ['v', 'w', 'v'].map((field) => {
      const given = table({ measurement: 'm', columns: [field], rows: [[row, [1]]] });
      return [...encoder.lines(given)][0]?.text;
    });
    expect(lines).toEqual([`m,v_label=x v=1 ${T0}`, `m,v=x w=1 ${T0}`, `m,v_label=x v=1 ${T0}`]);
  });

  test('a very long value is cut, never through a character', () => {
    const line = tagged({ t: `${'x'.repeat(1023)}🐳 and more` }) ?? '';
    expect(line).toBe(`m,t=${'x'.repeat(1023)}\ufffd v=1 ${T0}`);
  });

  test('tags that no server would take, all together, are no line, and counted', () => {
    const labels = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`t${i}`, 'ß'.repeat(1000)]));
    expect(encode(table({ columns: ['v', 'w'], rows: [[labels, [1, 2]]] }))).toEqual([{ text: undefined, samples: 2 }]);
  });
});

describe('other names', () => {
  test.each([
    ['container cpu', 'container\\ cpu'],
    ['a,b', 'a\\,b'],
    ['a=b', 'a=b'],
    ['#comment', '_comment'],
    ['a\\', 'a/'],
    ['two\nlines', 'two\\ lines'],
  ])('measurement %j', (measurement, expected) => {
    expect(texts(table({ measurement, columns: ['v'], rows: [[{}, [1]]] }))).toEqual([`${expected} v=1 ${T0}`]);
  });

  test.each([
    ['a b', 'a\\ b'],
    ['a,b=c', 'a\\,b\\=c'],
    ['time', 'time_value'],
    ['x\\', 'x/'],
  ])('field %j', (field, expected) => {
    expect(texts(table({ measurement: 'm', columns: [field], rows: [[{}, [1]]] }))).toEqual([`m ${expected}=1 ${T0}`]);
  });
});

describe('the id', () => {
  test.each([
    ['a quote', 'a"b', 'a\\"b'],
    ['a backslash at the end', 'a\\', 'a\\\\'],
    ['a newline', 'a\nb', 'a b'],
    ['spaces, commas, equals signs', 'a b,c=d', 'a b,c=d'],
  ])('with %s is a string field', (_, id, expected) => {
    expect(tagged({ id, name: 'web', image: 'i' })).toBe(`m,image=i,name=web v=1,id="${expected}" ${T0}`);
  });

  test('can be left out', () => {
    const given = table({ measurement: 'm', columns: ['v'], rows: [[{ id: 'aa', name: 'web', image: 'i' }, [1]]] });
    expect(encode(given, false).map((line) => line.text)).toEqual([`m,image=i,name=web v=1 ${T0}`]);
  });

  test('of a row without a name is a tag, since nothing else tells it apart', () => {
    expect(tagged({ id: '/system.slice/cron.service' })).toBe(`m,cgroup=/system.slice/cron.service v=1 ${T0}`);
  });

  test('of what is no container is a tag beside its name: three units of one name are three series', () => {
    const units = ['1001', '1002', '1003'].map((user) => `/user.slice/user-${user}.slice/session.scope`);
    const rows = units.map((id): [Record<string, string>, number[]] => [
      { id, name: 'session.scope', node: 'h1' },
      [1],
    ]);
    expect(texts(table({ measurement: 'm', columns: ['v'], rows }))).toEqual(
      units.map((id) => `m,cgroup=${id},name=session.scope,node=h1 v=1 ${T0}`),
    );
  });

  const ONE = '4f53cda18c2b'.padEnd(64, '0');
  const TWO = '8d11e07b6d3f'.padEnd(64, '0');

  test('two containers of one name share a series, each with a point of its own, whatever the window holds', () => {
    const one = { id: `/docker/${ONE}`, name: 'job,1', image: 'i', node: 'h1' };
    const two = { id: `/docker/${TWO}`, name: 'job,1', image: 'i', node: 'h1' };
    const given = (rows: readonly (readonly [Record<string, string>, readonly number[]])[]) =>
      texts(table({ measurement: 'm', columns: ['v'], rows }));
    expect(
      given([
        [one, [1]],
        [two, [2]],
      ]),
    ).toEqual([
      `m,image=i,name=job\\,1,node=h1 v=1,id="/docker/${ONE}" ${T0}`,
      `m,image=i,name=job\\,1,node=h1 v=2,id="/docker/${TWO}" ${T0 + 1}`,
    ]);
    expect(given([[two, [3]]])).toEqual([`m,image=i,name=job\\,1,node=h1 v=3,id="/docker/${TWO}" ${T0}`]);
  });

  test('ten thousand containers of one name at one time have ten thousand times, without a search through all before', () => {
    const rows = Array.from({ length: 10_000 }, (_, i): [Record<string, string>, number[]] => [
      { id: `/docker/${String(i).padStart(64, '0')}`, name: 'job', image: 'i' },
      [i],
    ]);
    const times = texts(table({ measurement: 'm', columns: ['v'], rows })).map((text) =>
      Number(text?.split(' ').at(-1)),
    );
    expect(times).toEqual(rows.map((_, i) => T0 + i));
  });

  test.each([
    [`/docker/${ONE}`, ''],
    [`/system.slice/docker-${ONE}.scope`, ''],
    [`/machine.slice/libpod-${ONE}.scope`, 'engine=libpod,'],
    [`/machine.slice/libpod-${ONE}.scope/container`, 'engine=libpod,'],
    [`/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${ONE}.scope`, 'engine=docker-1000,'],
    [`/kubepods.slice/kubepods-pod12ab_cd.slice/cri-containerd-${ONE}.scope`, 'engine=cri-containerd,'],
    [`/kubepods/burstable/pod1b4e28ba-2fa1-11d2-883f-0016d3cca427/${ONE}`, ''],
    [`/my-own-parent/${ONE}`, 'engine=my-own-parent,'],
  ])('%s: containers of one name in two engines are two series', (id, engine) => {
    expect(tagged({ id, name: 'web', image: 'i' })).toBe(`m,${engine}image=i,name=web v=1,id="${id}" ${T0}`);
  });
});

test('the same table gives the same bytes, again and from another encoder', () => {
  const rows = [
    [{ id: 'aa', name: 'w e,b' }, [0.1, 2]],
    [{ id: 'bb', name: 'w e,b' }, [3, Number.NaN]],
  ] as const;
  const given = table({ columns: ['v', 'w'], rows });
  const encoder = createEncoder({ idField: true });
  const first = [...encoder.lines(given)];
  expect([...encoder.lines(given)]).toEqual(first);
  expect(encode(given)).toEqual(first);
});
