import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FlatKeys } from '../../../agents/cgroup/keys.ts';
import { listSize, numberAt, singleValue, stalledMicros, valueInLine } from '../../../agents/cgroup/parse.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('a file of one number', () => {
  test.each([
    ['0\n', 0],
    ['11542528\n', 11542528],
    ['11542528', 11542528],
    ['-1\n', -1],
    ['max\n', Number.POSITIVE_INFINITY],
    // Beyond 2^53 (9007199254740992): the nearest double, which for an odd number is a neighbour.
    ['9007199254740993\n', 9007199254740992],
    ['9223372036854771712\n', 2 ** 63 - 4096],
    ['18446744073709551615\n', 2 ** 64],
    ['', Number.NaN],
    ['\n', Number.NaN],
    ['-\n', Number.NaN],
    ['maximum\n', Number.NaN],
    ['12a\n', Number.NaN],
    ['1.5\n', Number.NaN],
    ['0x10\n', Number.NaN],
    ['unlimited\n', Number.NaN],
    ['5 kB\n', 5],
  ])('%j is %d', (text, value) => {
    expect(singleValue(bytes(text))).toBe(value);
  });

  test('any whole number comes back as the language itself would read it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 80n }), (n) => {
        expect(singleValue(bytes(`${n}\n`))).toBe(Number(n));
      }),
    );
  });
});

test.each([
  ['20000 100000\n', 0, 20000],
  ['20000 100000\n', 1, 100000],
  ['max 100000\n', 0, Number.POSITIVE_INFINITY],
  ['max 100000\n', 1, 100000],
  ['max\n', 1, Number.NaN],
  ['', 0, Number.NaN],
])('word of %j at %d is %d', (text, n, value) => {
  expect(valueInLine(bytes(text), n)).toBe(value);
});

describe('pressure', () => {
  const text =
    'some avg10=4.08 avg60=2.88 avg300=1.12 total=4315069\nfull avg10=4.07 avg60=2.80 avg300=1.07 total=4030527\n';

  test('the totals of both lines', () => {
    expect([stalledMicros(bytes(text), 'some'), stalledMicros(bytes(text), 'full')]).toEqual([4315069, 4030527]);
  });

  test.each([
    ['the line full is missing, as for cpu before 5.13', 'some avg10=0.00 total=5\n'],
    ['the file is empty', ''],
    ['the total is missing', 'some avg10=0.00\nfull avg10=0.00 avg60=1\n'],
    ['garbage', '====\n  \nfull\n'],
  ])('%s: full is absent', (_, hostile) => {
    expect(stalledMicros(bytes(hostile), 'full')).toBeNaN();
  });
});

test.each([
  ['0-1\n', 2],
  ['0\n', 1],
  ['0-3,7,9-10\n', 7],
  ['\n', 0],
  ['', 0],
  ['a-b\n', Number.NaN],
  ['0-1,x\n', Number.NaN],
])('the list %j has %d members', (text, size) => {
  expect(listSize(bytes(text))).toBe(size);
});

describe('flat keyed files', () => {
  const keys = new FlatKeys([
    ['anon', 0],
    ['anon_thp', 1],
    ['file', 2, 1000],
  ]);
  const read = (text: string): number[] => {
    const cells = new Float64Array(3).fill(Number.NaN);
    keys.read(bytes(text), cells);
    return [...cells];
  };

  test.each([
    ['anon 1\nfile 2000\nanon_thp 3\n', [1, 3, 2]],
    ['anon 1', [1, Number.NaN, Number.NaN]],
    ['', [Number.NaN, Number.NaN, Number.NaN]],
    ['anon\nfile 1\n', [Number.NaN, Number.NaN, 0.001]],
    ['ano 1\nanon_ 2\nanonymous 3\n anon 4\n', [Number.NaN, Number.NaN, Number.NaN]],
    ['\n\nanon 7\n\n', [7, Number.NaN, Number.NaN]],
    ['anon x\nfile  5\n', [Number.NaN, Number.NaN, Number.NaN]],
    ['constructor 1\n__proto__ 2\nanon 3\n', [3, Number.NaN, Number.NaN]],
  ])('%j', (text, cells) => {
    expect(read(text)).toEqual(cells);
  });

  test('whatever keys and numbers a file has, the wanted ones come out and the others do not matter', () => {
    const key = fc.stringMatching(/^[a-z_]{1,20}$/);
    const line = fc.tuple(key, fc.nat());
    fc.assert(
      fc.property(fc.uniqueArray(line, { selector: ([name]) => name, maxLength: 60 }), fc.nat(59), (lines, wanted) => {
        const chosen = lines.slice(0, wanted);
        const some = new FlatKeys(chosen.map(([name], i) => [name, i]));
        const cells = new Float64Array(chosen.length);
        some.read(bytes(lines.map(([name, n]) => `${name} ${n}\n`).join('')), cells);
        expect([...cells]).toEqual(chosen.map(([, n]) => n));
      }),
    );
  });
});

test('no bytes at all make a parser throw', () => {
  const keys = new FlatKeys([['a', 0]]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
      singleValue(random);
      valueInLine(random, 1);
      stalledMicros(random, 'some');
      listSize(random);
      keys.read(random, new Float64Array(1));
      numberAt(random, 0, random.length);
    }),
  );
});
