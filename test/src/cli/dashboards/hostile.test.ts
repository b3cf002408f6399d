/** Files that somebody made to keep us busy: each comes to an end within the time that a test has. */
import { describe, expect, test } from 'vitest';
import { judgeAll } from '../../../../src/cli/dashboards/command.ts';
import { patternOf } from '../../../../src/cli/dashboards/query/pattern.ts';
import { readDocument } from '../../../../src/cli/dashboards/read/document.ts';
import { schema } from '../../../../src/config/schema.ts';

function statuses(content: object): string[] {
  const read = readDocument(JSON.stringify(content), 'f').map((source) => ({ file: 'f', source }));
  return judgeAll(read, schema.parse({})).flatMap(({ verdicts }) => verdicts.map(({ status }) => status));
}
const asking = (expr: string) => ({ panels: [{ id: 1, targets: [{ expr }] }] });

test.each([
  ['brackets in brackets', `${'sum by (a) ('.repeat(100)}up${')'.repeat(100)}`, 'works'],
  ['more of them than the grammar follows', `${'sum by (a) ('.repeat(1500)}up${')'.repeat(1500)}`, 'unread'],
  ['a query without end', `up${' or up'.repeat(100_000)}`, 'unread'],
  ['a pattern that JavaScript would try for ever', '{__name__=~"(a+)+b|(c*)*|(.|..)*x"}', 'unread'],
  ['the same of a label', 'container_memory_rss{name=~"(x+)+y"}', 'works'],
  ['many choices', `container_${'$a'.repeat(500)}_${'$b_'.repeat(500)}`, 'works'],
])('%s', (_what, expr, status) => {
  expect(statuses(asking(expr))).toEqual([status]);
});

test('a list of a hundred thousand panels', () => {
  const panels = Array.from({ length: 100_000 }, (_, id) => ({ id, targets: [{ expr: 'container_memory_rss' }] }));
  expect(statuses({ panels }).length).toBe(100_000);
});

test('wrappers in wrappers, and what names itself like a method', () => {
  let content: object = { panels: [{ title: '__proto__', libraryPanel: { uid: '__proto__' } }] };
  for (let i = 0; i < 1000; i++) content = { dashboard: content };
  expect(() => readDocument(JSON.stringify(content), 'f')).toThrow('f holds dashboard: a dashboard has "panels"');
  const own = { panels: [{ title: 'constructor', libraryPanel: { uid: '__proto__' } }], __elements: {} };
  expect(statuses(own)).toEqual(['unread']);
});

describe('patterns', () => {
  test('RE2’s flags are JavaScript’s', () => {
    expect(patternOf('(?i)ABC', { whole: true })?.test('abc')).toBe(true);
  });
  test.each(['(a+)+', '(a|b)*c', '([a-z]*){2,}', '.*a.*b.*c.*d.*e', '(', 'a'.repeat(1001)])(
    '%s is not tried',
    (text) => {
      expect(patternOf(text, { whole: true })).toBeUndefined();
    },
  );
});
