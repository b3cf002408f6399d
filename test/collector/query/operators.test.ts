/** Binary operators and aggregations, with values added up by hand. */
import { describe, expect, test } from 'vitest';
import { engineWith, instant, memory, range, shown } from '../../support/querying.ts';

const MINUTE = 60_000;
const source = memory(
  MINUTE,
  `
  cpu{host="a",mode="idle"} 6
  cpu{host="a",mode="user"} 2
  cpu{host="b",mode="idle"} 9
  cpu{host="b",mode="user"} 1
  cores{host="a",model="x"} 4
  cores{host="b",model="y"} 2
  `,
);

function at0(query: string): string[] {
  return shown(instant(source, query, 0));
}

describe('two numbers', () => {
  test.each([
    ['7 % 4', 3],
    ['-7 % 4', -3],
    ['2 ^ 3 ^ 2', 512],
    ['1 / 0', Number.POSITIVE_INFINITY],
    ['0 / 0', Number.NaN],
    ['1 ^ NaN', 1],
    ['3 > bool 2', 1],
    ['NaN == bool NaN', 0],
    ['1 atan2 1', Math.PI / 4],
    ['5m + 1', 301],
  ])('%s', (query, value) => {
    expect(instant(source, query, 0).series[0]?.values[0]).toBe(value);
  });
});

describe('a vector and a number', () => {
  test('calculates without the name, and compares with it', () => {
    expect(at0('cores * 10')).toEqual(['{host="a",model="x"} 40', '{host="b",model="y"} 20']);
    expect(at0('10 - cores')).toEqual(['{host="a",model="x"} 6', '{host="b",model="y"} 8']);
    expect(at0('cores > 3')).toEqual(['cores{host="a",model="x"} 4']);
    expect(at0('3 > cores')).toEqual(['cores{host="b",model="y"} 2']);
    expect(at0('cores > bool 3')).toEqual(['{host="a",model="x"} 1', '{host="b",model="y"} 0']);
  });
});

describe('two vectors', () => {
  test('one to one by the labels asked for', () => {
    expect(at0('sum by (host) (cpu) / on (host) cores')).toEqual(['{host="a"} 2', '{host="b"} 5']);
  });

  test('many to one, with a label of the one', () => {
    expect(at0('cpu / on (host) group_left (model) cores')).toEqual([
      '{host="a",mode="idle",model="x"} 1.5',
      '{host="a",mode="user",model="x"} 0.5',
      '{host="b",mode="idle",model="y"} 4.5',
      '{host="b",mode="user",model="y"} 0.5',
    ]);
    expect(at0('cores - on (host) group_right () cpu{mode="user"}')).toEqual([
      '{host="a",mode="user"} 2',
      '{host="b",mode="user"} 1',
    ]);
  });

  test('a comparison keeps the left value, whichever side is the many', () => {
    expect(at0('cpu > on (host) group_left () cores')).toEqual([
      'cpu{host="a",mode="idle"} 6',
      'cpu{host="b",mode="idle"} 9',
    ]);
    expect(at0('cores > on (host) group_right () cpu')).toEqual([
      'cpu{host="a",mode="user"} 4',
      'cpu{host="b",mode="user"} 2',
    ]);
  });

  test('a pairing that is not unique is refused, with the series that are in the way', () => {
    expect(() => at0('cores / on (host) cpu')).toThrow(
      'found duplicate series for the match group {host="a"} on the right hand-side of the operation: ' +
        '[cpu{host="a", mode="user"}, cpu{host="a", mode="idle"}];many-to-many matching not allowed: matching labels must be unique on one side',
    );
    expect(() => at0('cpu / on (host) cores')).toThrow(
      'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
    );
  });

  test('of a container and its successor each is paired in its time', () => {
    const both = memory(
      MINUTE,
      'ws{name="db",id="1"} 5 stale\nws{name="db",id="2"} _ 7\nlimit{name="db",id="1"} 10 stale\nlimit{name="db",id="2"} _ 14',
    );
    expect(shown(range(both, 'ws / on (name) limit', [0, MINUTE, MINUTE]))).toEqual(['{name="db"} 0.5@0 0.5@60000']);
  });

  test('and, or, unless', () => {
    expect(at0('cpu and on (host) cores{model="x"}')).toEqual([
      'cpu{host="a",mode="idle"} 6',
      'cpu{host="a",mode="user"} 2',
    ]);
    expect(at0('cpu unless on (host) cores{model="x"}')).toEqual([
      'cpu{host="b",mode="idle"} 9',
      'cpu{host="b",mode="user"} 1',
    ]);
    expect(at0('cores{host="a"} or on (host) cpu{mode="user"}')).toEqual([
      'cores{host="a",model="x"} 4',
      'cpu{host="b",mode="user"} 1',
    ]);
  });
});

describe('aggregations', () => {
  test.each([
    ['sum(cpu)', ['{} 18']],
    ['sum by (host) (cpu)', ['{host="a"} 8', '{host="b"} 10']],
    ['sum without (host) (cpu)', ['{mode="idle"} 15', '{mode="user"} 3']],
    ['avg by (mode) (cpu)', ['{mode="idle"} 7.5', '{mode="user"} 1.5']],
    ['min(cpu)', ['{} 1']],
    ['max(cpu)', ['{} 9']],
    ['count(cpu)', ['{} 4']],
    ['group by (host) (cpu)', ['{host="a"} 1', '{host="b"} 1']],
    // The mean is 4.5; squares of 1.5, 2.5, 4.5 and 3.5 add up to 41.
    ['stdvar(cpu)', ['{} 10.25']],
    ['stddev(cpu)', [`{} ${Math.sqrt(10.25)}`]],
    // 1 2 6 9: rank 1.5 is half way from 2 to 6.
    ['quantile(0.5, cpu)', ['{} 4']],
    ['topk(2, cpu)', ['cpu{host="b",mode="idle"} 9', 'cpu{host="a",mode="idle"} 6']],
    ['bottomk(1, cpu)', ['cpu{host="b",mode="user"} 1']],
    ['topk by (host) (1, cpu)', ['cpu{host="a",mode="idle"} 6', 'cpu{host="b",mode="idle"} 9']],
    ['count_values by (mode) ("v", cpu > bool 2)', ['{mode="idle",v="1"} 2', '{mode="user",v="0"} 2']],
    ['sum by (nothing) (absent_metric)', []],
  ])('%s', (query, lines) => {
    expect(at0(query)).toEqual(lines);
  });

  test('the two zeros are counted apart, whichever comes first', () => {
    const zeros = memory(MINUTE, 'x{i="1"} 0 -0 -0\nx{i="2"} 0 0 NaN');
    expect(shown(range(zeros, 'count_values("v", x)', [0, 2 * MINUTE, MINUTE])).sort()).toEqual([
      '{v="-0"} 1@60000 1@120000',
      '{v="0"} 2@0 1@60000',
      '{v="NaN"} 1@120000',
    ]);
  });

  test('small terms beside large ones are not lost', () => {
    const large = memory(MINUTE, 'x{i="1"} 1\nx{i="2"} 1e100\nx{i="3"} 1\nx{i="4"} -1e100');
    expect(shown(instant(large, 'sum(x)', 0))).toEqual(['{} 2']);
    expect(shown(instant(large, 'avg(x)', 0))).toEqual(['{} 0.5']);
  });

  test('NaN gives way to numbers in min and max, comes last in topk, and spoils sums', () => {
    const odd = memory(MINUTE, 'x{i="1"} NaN\nx{i="2"} 3');
    expect(shown(instant(odd, 'max(x)', 0))).toEqual(['{} 3']);
    expect(shown(instant(odd, 'topk(2, x)', 0))).toEqual(['x{i="2"} 3', 'x{i="1"} NaN']);
    expect(shown(instant(odd, 'sum(x)', 0))).toEqual(['{} NaN']);
  });

  test('a quantile that is none is answered with a warning', () => {
    const answer = engineWith().query({ query: 'quantile(2, cpu)', startMs: 0, endMs: 0, stepMs: 0 }, source);
    expect(answer.series[0]?.values[0]).toBe(Number.POSITIVE_INFINITY);
    expect(answer.warnings).toEqual(['PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)']);
  });
});
