/** Matchers made ready: which columns of a table they leave, and which of its rows. A regular expression is asked once for each text. */
import type { Labels } from '../../src/model/labels.ts';
import type { Column } from '../../src/model/shape.ts';
import { compileMatcher } from '../query/matching.ts';
import type { Matcher } from '../query/source.ts';

export interface Test {
  readonly name: string;
  /** A label that is not there is the empty text. */
  readonly fits: (value: string) => boolean;
}

/** Texts whose answers are remembered, for one matcher. */
const MOST_KNOWN = 100_000;

export function testsOf(matchers: readonly Matcher[]): Test[] {
  return matchers.map((matcher) => ({ name: matcher.name, fits: fitting(matcher) }));
}

function fitting(matcher: Matcher): (text: string) => boolean {
  const compiled = compileMatcher(matcher);
  if (matcher.op === '=' || matcher.op === '!=') return (text) => compiled.test(text);
  const known = new Map<string, boolean>();
  return (text) => {
    let answer = known.get(text);
    if (answer === undefined) {
      answer = compiled.test(text);
      if (known.size < MOST_KNOWN) known.set(text, answer);
    }
    return answer;
  };
}

export function fitsLabels(tests: readonly Test[], labels: Labels): boolean {
  // A loop: this is asked of every row of a head.
  for (const { name, fits } of tests) {
    const at = labels.names.indexOf(name);
    if (!fits(at < 0 ? '' : (labels.values[at] as string))) return false;
  }
  return true;
}

/** What is left to ask of rows once a column's own labels have been asked; undefined if they do not fit. */
export function testsOfRows(tests: readonly Test[], column: Column): readonly Test[] | undefined {
  const rest: Test[] = [];
  for (const test of tests) {
    const own = test.name === '__name__' ? column.metric : column.labels.find(([name]) => name === test.name)?.[1];
    if (own === undefined) rest.push(test);
    else if (!test.fits(own)) return undefined;
  }
  return rest;
}

/** The labels of a column's series: the row's, under those that the column fixes. */
export function seriesLabels(row: Labels, column: Column): Labels {
  const fixed = fixedOf(column);
  const names: string[] = [];
  const values: string[] = [];
  const key: string[] = [];
  let r = 0;
  for (let f = 0; f < fixed.names.length || r < row.names.length; ) {
    const own = row.names[r];
    const other = fixed.names[f];
    const takeOwn = other === undefined || (own !== undefined && own < other);
    const name = (takeOwn ? own : other) as string;
    const value = (takeOwn ? row.values[r] : fixed.values[f]) as string;
    // Of a name that both have, the column's counts.
    if (takeOwn || own === other) r++;
    if (!takeOwn) f++;
    names.push(name);
    values.push(value);
    key.push(`${name.length}:`, name, `${value.length}:`, value);
  }
  return { names, values, key: key.join('') };
}

const fixedLabels = new WeakMap<Column, { readonly names: readonly string[]; readonly values: readonly string[] }>();

function fixedOf(column: Column) {
  let fixed = fixedLabels.get(column);
  if (fixed === undefined) {
    const pairs = [...column.labels, ['__name__', column.metric] as const].sort(([a], [b]) => (a < b ? -1 : 1));
    fixed = { names: pairs.map(([name]) => name), values: pairs.map(([, value]) => value) };
    fixedLabels.set(column, fixed);
  }
  return fixed;
}
