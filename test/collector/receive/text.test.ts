/** Files of samples: what each format's lines are, by its description, and that what is written is read back as it was. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { readPoints } from '../../../collector/receive/influx/points.ts';
import { RECEIVE_LIMITS } from '../../../collector/receive/limits.ts';
import type { Parsed } from '../../../collector/receive/parsed.ts';
import { readExposition } from '../../../collector/receive/text/exposition.ts';
import { readJsonLines } from '../../../collector/receive/text/jsonlines.ts';
import { secondsText, writerOf } from '../../../src/cli/store/writers.ts';
import { pairsOf } from '../../../src/model/labels.ts';

const limits = RECEIVE_LIMITS;
const NOW = 1_800_000_000_000;

const text = (page: string): Parsed[] => [...readExposition(page, { format: 'text', nowMs: NOW, limits })];
const openMetrics = (page: string): Parsed[] => [
  ...readExposition(page, { format: 'openmetrics', nowMs: NOW, limits }),
];

/** Each sample as text, value and time; else what it is. */
function shown(parsed: readonly Parsed[]): unknown[] {
  return parsed.map((one) => {
    if (one.kind === 'bad_line') return [one.line, one.why];
    if (one.kind === 'info') return one.info;
    if (one.kind !== 'samples') return one;
    const pairs = [...pairsOf(one.labels)].map(([name, value]) => `${name}=${value}`);
    return [pairs.join(), ...one.timesMs.map((timeMs, i) => [timeMs, one.values[i]])];
  });
}

describe('Prometheus text', () => {
  test.each([
    ['up 1', ['__name__=up', [NOW, 1]]],
    ['up 1 1500', ['__name__=up', [1500, 1]]],
    ['up\t1   -5 ', ['__name__=up', [-5, 1]]],
    ['a{b="c"} NaN 1', ['__name__=a,b=c', [1, Number.NaN]]],
    ['a{b="c",} +Inf 1', ['__name__=a,b=c', [1, Number.POSITIVE_INFINITY]]],
    ['a { b = "c" , d = "e" } -inf 1', ['__name__=a,b=c,d=e', [1, Number.NEGATIVE_INFINITY]]],
    ['a{b="x\\"y\\\\z\\n}"} 1e3 1', ['__name__=a,b=x"y\\z\n}', [1, 1000]]],
    ['{"my.metric","my label"="v"} .5 1', ['__name__=my.metric,my label=v', [1, 0.5]]],
    ['{__name__="a",b="c"} 1 1', ['__name__=a,b=c', [1, 1]]],
    ['a{b=""} 1 1', ['__name__=a', [1, 1]]],
  ])('%s', (line, wanted) => {
    expect(shown(text(line))).toEqual([wanted]);
  });

  test.each([
    ['1a 1', 'it begins with no name'],
    ['a', 'it has no value that is a number'],
    ['a x', 'it has no value that is a number'],
    ['a 1 1.5', 'its time is no whole number of milliseconds'],
    ['a 1 2 3', 'there is something behind the time'],
    ['a{b="c" 1', 'its labels are not closed'],
    ['a{b="c} 1', 'the label b has no value in quotation marks'],
    ['a{b} 1', 'the label b has no value'],
    ['a{="c"} 1', 'a label has no name'],
  ])('no line: %s', (line, why) => {
    expect(shown(text(`up 1 1\n${line}\nup 2 2`))).toEqual([
      ['__name__=up', [1, 1]],
      [2, why],
      ['__name__=up', [2, 2]],
    ]);
  });

  test('what metrics are', () => {
    const page = '# HELP a_total How\\nmany.\n# TYPE a_total counter\n# a comment\na_total 1 1\n# TYPE b gauge\n';
    expect(shown(text(page))).toEqual([
      ['__name__=a_total', [1, 1]],
      { metric: 'a_total', type: 'counter', unit: '', help: 'How\nmany.' },
      { metric: 'b', type: 'gauge', unit: '', help: '' },
    ]);
  });
});

describe('OpenMetrics', () => {
  test('times in seconds, exemplars passed over, nothing behind the end', () => {
    const page = `# TYPE a counter
# UNIT a seconds
# HELP a How "long".
a_total{b="c"} 17.0 1520879607.789 # {trace="x"} 0.67 1520879607.7
a_total 1 # {trace="y"} 1
a_total 2 1e3
# EOF
a_total 3`;
    expect(shown(openMetrics(page))).toEqual([
      ['__name__=a_total,b=c', [1_520_879_607_789, 17]],
      ['__name__=a_total', [NOW, 1]],
      ['__name__=a_total', [1_000_000, 2]],
      { metric: 'a_total', type: 'counter', unit: 'seconds', help: 'How "long".' },
    ]);
  });

  test('a time is written so that cutting off behind the millisecond, as Prometheus does, does not change it', () => {
    // 1.001 times 1000 is 1000.9999999999999 in floating point.
    expect(Math.trunc(1.001 * 1000)).toBe(1000);
    expect(secondsText(1001)).toBe('1.0011');
    expect(secondsText(1_700_000_000_500)).toBe('1700000000.5');
  });

  test.prop([fc.integer({ min: -4e12, max: 4e12 })], { numRuns: 2000 })(
    'any time: cut off or rounded it is the same',
    (ms) => {
      const read = Number(secondsText(ms)) * 1000;
      expect([Math.trunc(read) + 0, Math.round(read) + 0]).toEqual([ms, ms]);
    },
  );
});

describe('JSON lines', () => {
  test('a series a line; null is a NaN, the infinities are texts', () => {
    const line = '{"metric":{"__name__":"a","b":"c"},"values":[1,null,"Infinity","-Infinity"],"timestamps":[1,2,3,4]}';
    expect(shown([...readJsonLines(`${line}\n\n${line}`, limits)])).toEqual(
      Array.from({ length: 2 }, () => [
        '__name__=a,b=c',
        [1, 1],
        [2, Number.NaN],
        [3, Number.POSITIVE_INFINITY],
        [4, Number.NEGATIVE_INFINITY],
      ]),
    );
  });

  test.each([
    ['x', 'it is no JSON'],
    ['null', 'metric: must be an object'],
    ['{"metric":[],"values":[],"timestamps":[]}', 'metric: must be an object'],
    ['{"metric":{"__name__":1},"values":[],"timestamps":[]}', 'metric: labels must be texts'],
    ['{"metric":{},"values":[1],"timestamps":[]}', 'there are 1 values and 0 timestamps; legal: as many'],
    ['{"metric":{},"values":["x"],"timestamps":[1]}', 'values: must be numbers, null, "Infinity" or "-Infinity"'],
    ['{"metric":{},"values":[1],"timestamps":[1.5]}', 'timestamps: must be whole milliseconds'],
    ['{"metric":{},"values":[1],"timestamps":[1],"ends":2}', 'ends: must be a list of whole milliseconds'],
    ['{"metric":{},"values":[1],"timestamps":[1],"ends":["2"]}', 'ends: must be a list of whole milliseconds'],
    ['{"metric":{"__name__":"a"},"values":1,"timestamps":[1]}', 'values, timestamps: must be lists'],
  ])('no line: %s', (line, why) => {
    expect(shown([...readJsonLines(line, limits)])).toEqual([[1, why]]);
  });
});

describe('what is written is read back', () => {
  const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,12}$/);
  const label = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,12}$/);
  const value = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0));
  const time = fc.integer({ min: -1e12, max: 4e12 });
  const seriesWith = (metric: fc.Arbitrary<string>, names: fc.Arbitrary<string>, texts: fc.Arbitrary<string>) =>
    fc.record({
      metric,
      labels: fc.uniqueArray(fc.tuple(names, texts), { selector: ([one]) => one, maxLength: 5 }),
      samples: fc.uniqueArray(fc.tuple(time, value), { selector: ([ms]) => ms, minLength: 1, maxLength: 5 }),
    });
  type Given = { metric: string; labels: [string, string][]; samples: [number, number][] };

  function written(format: 'influx' | 'prometheus' | 'openmetrics', { metric, labels, samples }: Given): string {
    const writer = writerOf(format);
    const all = {
      labels: [['__name__', metric] as const, ...labels],
      timestamps: samples.map(([ms]) => ms),
      values: samples.map(([, one]) => one),
    };
    return writer.heading(metric) + [...writer.lines(all)].filter((one) => one !== undefined).join('') + writer.end;
  }

  function wanted({ metric, labels, samples }: Given, which: (one: number) => boolean = () => true): unknown[] {
    const all = [['__name__', metric], ...labels.filter(([, one]) => one !== '')];
    const pairs = all.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)).map(([one, text]) => `${one}=${text}`);
    return samples.filter(([, one]) => which(one)).map((sample) => [pairs.join(), sample]);
  }

  const anything = fc.string({ unit: 'grapheme', maxLength: 20 });
  const named = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }).filter((one) => one !== '__name__');

  const all = seriesWith(fc.oneof(name, named), fc.oneof(label, named), anything);
  test.prop([all], { numRuns: 300 })('Prometheus text and OpenMetrics: every name, label and value', (series) => {
    expect(shown(text(written('prometheus', series)))).toEqual(wanted(series));
    expect(shown(openMetrics(written('openmetrics', series)))).toEqual(wanted(series));
  });

  // Its escapes have no form for line ends and for a backslash before what is escaped; an empty value is no tag.
  const plain = fc.string({ unit: fc.constantFrom(...'ab ,="{}\'ä🐳#\\x'), minLength: 1, maxLength: 12 });
  const sayable = plain.filter((one) => !/\\([\\ ,=]|$)/.test(one));
  test.prop([seriesWith(name, label, sayable)], { numRuns: 300 })(
    'line protocol: finite values, and label values that it can say',
    (series) => {
      const page = written('influx', series);
      const read = [...readPoints(page, { precision: 'ns', nowMs: NOW, limits })];
      expect(shown(read)).toEqual(wanted(series, Number.isFinite));
    },
  );
});
