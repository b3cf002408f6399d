/** Matchers as Prometheus has them; what a regular expression means is what RE2 says of it. */
import { RE2JS } from 're2js';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { compileMatcher } from '../../../collector/query/matching.ts';
import { parseQuery } from '../../../collector/query/parse/parse.ts';
import { compilePattern } from '../../../collector/query/pattern.ts';

const matches = (op: '=' | '!=' | '=~' | '!~', value: string, text: string): boolean =>
  compileMatcher({ name: 'a', op, value }).test(text);

describe('matchers', () => {
  test.each([
    ['=', '', '', true],
    ['=', 'x', 'x', true],
    ['!=', 'x', '', true],
    ['=~', 'x', 'xy', false],
    ['=~', 'x|y', 'y', true],
    ['=~', 'x|', '', true],
    ['=~', '(x|y)', 'y', true],
    ['=~', '.*', '', true],
    ['=~', '.+', '', false],
    // Since Prometheus 3 a dot matches the end of a line.
    ['=~', 'a.b', 'a\nb', true],
    ['=~', 'a\\.b', 'axb', false],
    ['=~', '(?i)ABC', 'abc', true],
    ['=~', '(?i:a)b', 'Ab', true],
    ['=~', '[[:alpha:]]+', 'abc', true],
    ['=~', '\\pL+', 'äé', true],
    ['=~', '.', '😀', true],
    ['=~', '\\d+', '42', true],
    ['!~', 'x.*', '', true],
    ['!~', '', '', false],
  ] as const)('%s %j of %j: %s', (op, value, text, expected) => {
    expect(matches(op, value, text)).toBe(expected);
  });

  test.each(['(', '[a', 'a**', '(?=x)', '\\1', '*'])('%j is no regular expression, and said so', (value) => {
    expect(() => compileMatcher({ name: 'a', op: '=~', value })).toThrow(`"${value}" is no regular expression (RE2)`);
  });

  test.each(['[z-a]', '[b-a]+', '[a-z][9-0]'])('%j, a range the wrong way round, is refused as RE2 does', (value) => {
    expect(() => RE2JS.compile(value)).toThrow();
    expect(() => compileMatcher({ name: 'a', op: '=~', value })).toThrow(`"${value}" is no regular expression (RE2)`);
  });

  // A group that is closed within ends what goes before the text: as Prometheus has it, which puts ^(?s: and )$ around.
  test('the index and the engine read the same', () => {
    for (const value of ['a)|(b', 'x', 'a|b.*', '(?i)a', '.+b', '[a-c]+']) {
      for (const text of ['a', 'b', 'ab', 'abb', 'B', 'x', '', 'a\nb'])
        expect([value, text, matches('=~', value, text)]).toEqual([value, text, compilePattern(value).test(text)]);
    }
  });

  test('hundreds of names that a dashboard spells out are taken, as Grafana escapes them', () => {
    // A stack's tasks: 600 names of 41 characters and a bar between, 25 kB.
    const names = Array.from({ length: 600 }, (_, i) => `shop_web.${i}.0123456789abcdefghijklmnopq`.padEnd(41, 'x'));
    const value = `(${names.map((name) => name.replaceAll('.', '\\.')).join('|')})`;
    expect(value.length).toBeGreaterThan(25_000);
    const { test: fits, texts, groups } = compilePattern(value);
    expect(texts).toEqual(names);
    expect([fits(names[599] as string), fits('shop_webx1')]).toEqual([true, false]);
    expect(groups(names[7] as string)).toEqual([names[7], names[7]]);
    expect(matches('=~', value, names[0] as string)).toBe(true);
    expect(parseQuery(`sum(container_memory{name=~${JSON.stringify(value)}})`)).toBeDefined();
  });

  test.each(['a\\|b', 'a\\', 'a\\d', '(?:a|b)', '(a|b)', 'a\\.b|c', '(a)|b', '\\-a', 'a\\||b'])(
    '%j as RE2 reads it',
    (value) => {
      const re2 = (() => {
        try {
          return RE2JS.compile(`^(?s:${value})$`);
        } catch {
          return undefined;
        }
      })();
      if (re2 === undefined) return void expect(() => compilePattern(value)).toThrow('error parsing regexp');
      for (const text of ['a', 'b', 'a|b', 'a.b', 'axb', 'c', 'a|', 'a1', '-a', '']) {
        const matcher = re2.matcher(text);
        const groups = matcher.matches()
          ? Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined)
          : undefined;
        expect([text, compilePattern(value).test(text), compilePattern(value).groups(text)]).toEqual([
          text,
          groups !== undefined,
          groups,
        ]);
      }
    },
  );

  test('texts alone are known, to be looked up', () => {
    const texts = (value: string) => compileMatcher({ name: 'a', op: '=~', value }).texts;
    expect(texts('svc-1|svc-2')).toEqual(new Set(['svc-1', 'svc-2']));
    expect(texts('(?:a\\.b|c)')).toEqual(new Set(['a.b', 'c']));
    expect(texts('a.b')).toBeUndefined();
    expect(texts('a+')).toBeUndefined();
  });

  test('an expression that would take a backtracking engine for ever is answered', () => {
    // (a+)+$ against a's and another letter doubles the work with each a; forty of them are not for waiting.
    for (const value of ['(a+)+', '(a|a)*', '(a*)*b', '.*a.*a.*a.*a.*a.*a.*b']) {
      expect(matches('=~', value, `${'a'.repeat(5000)}c`)).toBe(false);
    }
  });

  const atom = fc.constantFrom('a', 'b', '-', '.', '\\.', '[ab]', '[^a]', '[a-c]', '\\d', '\\w', ':', '/');
  const branch = fc.array(
    fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?')).map((both) => both.join('')),
    { maxLength: 4 },
  );
  const pattern = fc
    .array(
      branch.map((all) => all.join('')),
      { minLength: 1, maxLength: 3 },
    )
    .map((all) => all.join('|'));
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', '-', '.', '7', ':', '\n'), { maxLength: 5 })
    .map((all) => all.join(''));

  property.prop([pattern, text], { numRuns: 2000 })('what is left to JavaScript means what RE2 means', (value, of) => {
    expect(matches('=~', value, of)).toBe(RE2JS.compile(`^(?s:${value})$`).test(of));
  });
});
