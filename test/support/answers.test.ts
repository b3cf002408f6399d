/** Ties of topk: what either server may choose, and what none may. */
import { describe, expect, test } from 'vitest';
import { differences, topkDifferences, topkOf } from './answers.ts';

const NONE = new Set<string>();
const at10 = (name: string, value: number) => ({ labels: { name }, points: [[10, value]] as const });
const ALL = [at10('a', 5), at10('b', 3), at10('c', 3), at10('d', 1)];
const TOPK = { k: 2, of: 'x', isAll: true };
const compare = (ours: typeof ALL, theirs: typeof ALL) => topkDifferences({ ours, theirs, all: ALL }, TOPK, NONE);

test('the topk of an expression, alone and as a choice', () => {
  expect(topkOf('topk(5, sum by (a) (x))')).toEqual({ k: 5, of: 'sum by (a) (x)', isAll: true });
  expect(topkOf('sum(x) and topk(10, avg(x))')).toEqual({ k: 10, of: 'avg(x)', isAll: false });
  expect(topkOf('sum(x)')).toBeUndefined();
});

describe('of a: 5, b: 3, c: 3, d: 1 the first two are a and either of b and c', () => {
  test('either', () => {
    expect(compare([at10('a', 5), at10('b', 3)], [at10('a', 5), at10('c', 3)])).toEqual([]);
  });
  test('not d, which is less', () => {
    expect(compare([at10('a', 5), at10('d', 1)], [at10('a', 5), at10('c', 3)])).toEqual([
      '[["name","d"]] is ours alone at 10, with 1; the last is 3',
    ]);
  });
  test('not without a, which is more', () => {
    expect(compare([at10('b', 3), at10('c', 3)], [at10('a', 5), at10('c', 3)])).toEqual([
      '[["name","a"]] is theirs alone at 10, with 5; the last is 3',
    ]);
  });
  test('not one fewer', () => {
    expect(compare([at10('a', 5)], [at10('a', 5), at10('c', 3)])).toEqual(['1 series at 10, and there 2']);
  });
  test('not another value', () => {
    expect(compare([at10('a', 5), at10('b', 4)], [at10('a', 5), at10('b', 3)])).toEqual([
      '[["name","b"]] at 10: 4 and there 3',
    ]);
  });
});

test('without topk every series and point counts, but for labels that are known to differ', () => {
  expect(differences([at10('a', 5)], [at10('b', 5)], NONE)).toEqual([
    'we have no [["name","b"]]',
    'only we have [["name","a"]]',
  ]);
  expect(differences([at10('a', 5)], [at10('b', 5)], new Set(['name']))).toEqual([]);
  expect(differences([at10('a', 5)], [at10('a', 6)], NONE)).toEqual(['[["name","a"]]: [[10,5]] and there [[10,6]]']);
});
