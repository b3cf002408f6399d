/** Answers as tables, charts and CSV: text out, drawn by hand. */
import { describe, expect, test } from 'vitest';
import { type Line, resultOf, sharedBy, titleOf } from '../../../../src/cli/query/answer.ts';
import { chartOf, scaleOf } from '../../../../src/cli/query/chart.ts';
import { csvOf } from '../../../../src/cli/query/csv.ts';
import { short, shown } from '../../../../src/cli/query/numbers.ts';
import { placeLines } from '../../../../src/cli/query/place.ts';
import { tableOf } from '../../../../src/cli/query/table.ts';
import { stepFor } from '../../../../src/cli/query/time.ts';
import { width } from '../../../../src/cli/top/view/text.ts';

const line = (labels: Record<string, string>, values: readonly number[], stepMs = 60_000): Line => ({
  labels: new Map(Object.entries(labels)),
  points: values.map((value, i) => [i * stepMs, value] as const),
});

describe('a table', () => {
  test('of a moment has a column for each label that differs', () => {
    const lines = [
      line({ __name__: 'up', job: 'j', node: 'a' }, [1]),
      line({ __name__: 'up', job: 'j', node: 'bcd' }, [0.25]),
    ];
    expect(tableOf({ type: 'vector', lines, text: '' }, 80)).toEqual([
      'all: up{job="j"}',
      'node  VALUE',
      'a         1',
      'bcd    0.25',
    ]);
  });

  test('of a range has times down and series across, and says how many have no room', () => {
    const lines = ['a', 'b', 'c'].map((node) => line({ node }, [1, 2]));
    const table = tableOf({ type: 'matrix', lines, text: '' }, 46);
    // 19 for the time, 2 and 10 for {node="a"} and for {node="b"}; {node="c"} would end at 55.
    expect(table[0]!.replace(/ +/g, ' ')).toBe('TIME {node="a"} {node="b"}');
    expect(table).toHaveLength(4);
    expect(table.at(-1)).toBe('no room for 1 more series: --json or --csv has all');
  });

  test('cuts labels, never numbers, where there is no room', () => {
    const lines = [line({ name: 'x'.repeat(60) }, [123456789]), line({ name: 'y' }, [1])];
    const table = tableOf({ type: 'vector', lines, text: '' }, 30);
    expect(Math.max(...table.map(width))).toBeLessThanOrEqual(30);
    expect(table[1]).toContain('123456789');
  });

  test('does not let a name speak to the terminal', () => {
    const lines = [line({ name: 'a\u001b[2Jb' }, [1]), line({ name: 'c\nd' }, [1])];
    expect(tableOf({ type: 'vector', lines, text: '' }, 80).join('')).not.toMatch(/\p{Cc}/u);
  });

  test('of a scalar or a string is that', () => {
    expect(tableOf(resultOf({ resultType: 'scalar', result: [1, '+Inf'] }), 80)).toEqual(['+Inf']);
    expect(tableOf(resultOf({ resultType: 'string', result: [1, 'text'] }), 80)).toEqual(['text']);
  });
});

describe('a chart', () => {
  const area = { columns: 43, rows: 5, startMs: 0, endMs: 240_000 };

  test('of one series is drawn in dots: a straight line from corner to corner', () => {
    const chart = chartOf([line({ name: 'x' }, [0, 1, 2, 3, 4])], area);
    // Two axis marks, 4 and 0; 43 columns less "4" with its blank and the axis are 40, of 80 by 20 dots.
    expect(chart[0]!.startsWith(' 4┤')).toBe(true);
    expect(chart[0]!.at(-1)).not.toBe('┤');
    expect(chart[4]!.startsWith(' 0┤')).toBe(true);
    const left = chart.slice(0, 5).map((row) => [...row].findIndex((c) => c >= '\u2800' && c <= '\u28ff'));
    expect(left).toEqual([...left].sort((a, b) => b - a));
    expect(chart.at(-1)).toBe('{name="x"}  last 4  min 0  max 4');
  });

  test('of several has a letter for each, the one with the highest last value first', () => {
    const chart = chartOf([line({ n: 'low' }, [1, 1, 1, 1, 1]), line({ n: 'high' }, [4, 4, 4, 4, 4])], area);
    expect(chart[0]).toBe(` 4┤${'a'.repeat(40)}`);
    expect(chart.slice(-2)).toEqual(['a {n="high"}  last 4  min 4  max 4', 'b {n="low"}  last 1  min 1  max 1']);
    expect(chart.filter((row) => /b{40}/.test(row))).toHaveLength(1);
  });

  test('leaves gaps', () => {
    const points = [0, 60_000, 180_000, 240_000].map((ms) => [ms, 1] as const);
    const other = line({ n: 'b' }, [0, 0, 0, 0, 0]);
    const row = chartOf([{ labels: new Map([['n', 'a']]), points }, other], area)[0]!;
    // Beside marks as long as 0.5 there are 38 cells for 240 s: 60 s is cell 9.25, 180 s cell 27.75.
    expect(row).toBe(`   1┤${'a'.repeat(10)}${' '.repeat(18)}${'a'.repeat(10)}`);
  });

  test('says so when there is nothing to draw, and of how many it draws but some', () => {
    expect(chartOf([line({}, [Number.NaN])], area)).toEqual(['nothing to draw: no number in this range']);
    const many = Array.from({ length: 15 }, (_, i) => line({ n: String(i) }, [i, i]));
    expect(chartOf(many, { ...area, columns: 80 }).at(-1)).toMatch(/^and 3 more/);
  });

  test.each([
    [0, 1, 4, [0, 0.5, 1]],
    [0, 10, 5, [0, 2, 4, 6, 8, 10]],
    [95, 100, 5, [95, 96, 97, 98, 99, 100]],
    [0.1, 0.35, 4, [0, 0.1, 0.2, 0.3, 0.4]],
    [5, 5, 2, [0, 5]],
    [-3, 3, 3, [-4, -2, 0, 2, 4]],
  ])('from %d to %d has marks that people take', (min, max, wanted, marks) => {
    expect(scaleOf(min, max, wanted).marks).toEqual(marks);
  });

  test('never leaves the width that it has', () => {
    const lines = [line({ name: 'n'.repeat(200) }, [1, 5, 2]), line({ name: 'm' }, [3, 1, 9])];
    for (const columns of [40, 80, 133])
      expect(Math.max(...chartOf(lines, { ...area, columns }).map(width))).toBeLessThanOrEqual(columns);
  });
});

describe('CSV', () => {
  const csv = (labels: Record<string, string>, value: number): string =>
    [...csvOf({ type: 'vector', lines: [line(labels, [value])], text: '' })].join('');

  test('has a line for each sample, with all digits', () => {
    expect(csv({ __name__: 'up', job: 'j' }, 0.1 + 0.2)).toBe(
      'time,value,__name__,job\n1970-01-01T00:00:00.000Z,0.30000000000000004,up,j\n',
    );
  });

  test('quotes what needs it, and lets no name be a formula', () => {
    expect(csv({ a: 'x"y,z', b: '=cmd()' }, 1).split('\n')[1]).toBe(`1970-01-01T00:00:00.000Z,1,"x""y,z",'=cmd()`);
  });
});

describe('a wrong query', () => {
  test('is shown with a mark at the place', () => {
    expect(placeLines('sum(up', 'invalid parameter "query": 1:7: parse error: unclosed left parenthesis')).toEqual([
      '  sum(up',
      '        ^',
    ]);
    expect(placeLines('sum(\n  up{', '2:6: parse error: x')).toEqual(['    up{', '       ^']);
    expect(placeLines('up', 'found duplicate series')).toEqual([]);
  });
});

test('numbers are short where they are read, and exact where they are data', () => {
  expect([1234567, 0.1 + 0.2, 1e21, Number.NaN, -Infinity].map(shown)).toEqual([
    '1234567',
    '0.3',
    '1e+21',
    'NaN',
    '-Inf',
  ]);
  expect([0, 1234, 12_345, 1.5e9, 0.5, 0.0005].map(short)).toEqual(['0', '1234', '12.35k', '1.5G', '0.5', '0.5m']);
});

test('labels that all have alike are said once', () => {
  const lines = [line({ job: 'j', n: '1' }, []), line({ job: 'j', n: '2' }, [])];
  expect([...sharedBy(lines)]).toEqual(['job']);
  expect(titleOf(lines[0]!.labels, sharedBy(lines))).toBe('{n="1"}');
});

test('steps are those that people take', () => {
  expect([60_000, 3_600_000, 86_400_000, 7 * 86_400_000].map((ms) => stepFor(ms, 240))).toEqual([
    1000, 15_000, 600_000, 3_600_000,
  ]);
});
