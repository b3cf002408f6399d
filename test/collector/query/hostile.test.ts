/** Questions that are meant to hurt end with a clear error, or with an answer, and never take the process with them. */
import { describe, expect, test } from 'vitest';
import { parseQuery } from '../../../collector/query/parse/parse.ts';
import { compilePattern } from '../../../collector/query/pattern.ts';
import type { QueryError } from '../../../collector/query/query.ts';
import { engineWith, instant, memory, shown } from '../../support/querying.ts';

const source = memory(60_000, 'x{a="1"} 1+1x100\nx{a="2"} 2+1x100');

function refused(query: string, engine = engineWith(), stepMs = 0): QueryError {
  try {
    engine.query({ query, startMs: 0, endMs: 6_000_000, stepMs }, source);
  } catch (error) {
    return error as QueryError;
  }
  throw new Error('not refused');
}

describe('too deep, too long', () => {
  test.each([
    ['parentheses', `${'('.repeat(50_000)}x${')'.repeat(50_000)}`, 'nested more than'],
    ['open parentheses', '('.repeat(100_000), 'nested more than'],
    ['calls', `${'abs('.repeat(20_000)}x${')'.repeat(20_000)}`, 'nested more than'],
    ['signs', `${'-'.repeat(100_000)}x`, 'operators in a row'],
    ['sums', `x${'+x'.repeat(50_000)}`, 'operators in a row'],
    ['powers', `x${'^x'.repeat(50_000)}`, 'operators in a row'],
    ['a million characters', 'x'.repeat(1_000_001), 'characters'],
  ])('%s', (_what, query, words) => {
    expect(refused(query)).toMatchObject({ type: 'bad_data', message: expect.stringContaining(words) });
  });

  test('what is just allowed is answered', () => {
    expect(shown(instant(source, `${'('.repeat(190)}x{a="1"}${')'.repeat(190)}`, 0))).toEqual(['x{a="1"} 1']);
    expect(shown(instant(source, `${'abs('.repeat(190)}x{a="1"}${')'.repeat(190)}`, 0))).toEqual(['{a="1"} 1']);
    expect(shown(instant(source, `1${'+1'.repeat(250)}`, 0))).toEqual(['{} 251']);
    expect(shown(instant(source, `x{a="1"}${' + on (a) x'.repeat(250)}`, 0))).toEqual(['{a="1"} 251']);
    expect(parseQuery(`x{a=~"${'b|'.repeat(4000)}c"}`).kind).toBe('selector');
  });
});

describe('regular expressions', () => {
  test('that a backtracking engine never ends with are answered', () => {
    const pattern = compilePattern('(a+)+b|(x*)*y|([a-z]+)*[0-9]');
    expect(pattern.test('a'.repeat(5000))).toBe(false);
    expect(pattern.test(`${'a'.repeat(5000)}b`)).toBe(true);
  });

  test('that would become too large are refused', () => {
    expect(() => parseQuery('x{a=~"((a{1000}){1000}){1000}"}')).toThrow('error parsing regexp');
    expect(() => parseQuery(`x{a=~"${'a'.repeat(20_000)}+"}`)).toThrow('at most 10000 are allowed');
  });

  test.each([
    ['a.c', 'a\nc', true],
    ['b', 'abc', false],
    ['(?i)AbC', 'aBc', true],
    ['(?i:a)b', 'AB', false],
    ['a|b', 'ab', false],
    ['', '', true],
    ['.+', '', false],
    ['.*b.*', 'abc', true],
    ['.+b.+', 'bc', false],
    ['.+b.+', 'bbb', true],
    ['\\d{2,}', '123', true],
    ['[[:alpha:]]+', 'abc', true],
    ['a\\.b', 'axb', false],
    ['(?:a|b)', 'b', true],
  ])('%s on %j: %s', (pattern, text, fits) => {
    expect(compilePattern(pattern).test(text)).toBe(fits);
  });
});

describe('too much', () => {
  test('steps', () => {
    expect(refused('x', engineWith(), 100)).toMatchObject({
      type: 'bad_data',
      message: expect.stringContaining('11,000 points'),
    });
  });

  test('a subquery of many steps', () => {
    expect(refused('max_over_time(x[290y:1ms])')).toMatchObject({
      type: 'execution',
      message: expect.stringContaining('steps'),
    });
    expect(refused('max_over_time(max_over_time(max_over_time(x[50y:1m])[50y:1m])[50y:1m])').type).toBe('execution');
  });

  test('memory for the steps of a subquery, however it is asked for', () => {
    const words = 'query processing would load too many samples into memory in query execution';
    expect(refused(`max_over_time(${'abs('.repeat(100)}x${')'.repeat(100)}[1y:30s])`)).toMatchObject({
      type: 'execution',
      message: words,
    });
    expect(refused(`max_over_time((x${' + on (a) x'.repeat(50)})[1y:30s])`)).toMatchObject({
      type: 'execution',
      message: words,
    });
    expect(refused(`sum_over_time(vector(1${' + time()'.repeat(50)})[1y:30s])`)).toMatchObject({
      type: 'execution',
      message: words,
    });
  });

  test('samples', () => {
    expect(refused('x[2h]', engineWith({ maxSamples: 100 }))).toMatchObject({
      type: 'execution',
      message: 'query processing would load too many samples into memory in query execution',
    });
  });

  test('points of the answer', () => {
    expect(refused('x', engineWith({ maxPoints: 100 }), 60_000)).toMatchObject({
      type: 'execution',
      message: expect.stringContaining('more than 100 points'),
    });
  });

  test('time', () => {
    let ms = 0;
    const engine = engineWith({}, () => (ms += 40_000));
    expect(refused('sum_over_time(x[2h:1s])', engine)).toMatchObject({
      type: 'timeout',
      message: 'query timed out in expression evaluation',
    });
  });

  test('or nobody waits for it any more', () => {
    const request = { query: 'sum_over_time(x[2h:1s])', startMs: 6e6, endMs: 6e6, stepMs: 0 };
    expect(() => engineWith().query(request, source, () => true)).toThrow(
      'query was canceled in expression evaluation',
    );
  });
});

describe('labels of others', () => {
  test('are only labels, whatever they are called', () => {
    const odd = memory(60_000, 'x{__proto__="a",constructor="b"} 1');
    expect(shown(instant(odd, 'sum by (__proto__, constructor) (x)', 0))).toEqual([
      '{__proto__="a",constructor="b"} 1',
    ]);
    expect(shown(instant(odd, 'count_values("__proto__", x)', 0))).toEqual(['{__proto__="1"} 1']);
  });
});
