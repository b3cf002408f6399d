/** Text → tree → text: precedence, modifiers, names, literals; and what is refused, with its place. */
import { describe, expect, test } from 'vitest';
import { formatQuery, queryTree } from '../../../collector/query/format.ts';
import { parseQuery } from '../../../collector/query/parse/parse.ts';
import { print } from '../../../collector/query/parse/print.ts';
import { QueryError } from '../../../collector/query/query.ts';

/** As Prometheus prints it; `bare` trees in parentheses show what binds what. */
function grouped(query: string): string {
  const show = (node: ReturnType<typeof queryTree>): string => {
    const of = (key: string): string => show(node[key] as ReturnType<typeof queryTree>);
    if (node.type === 'binaryExpr') return `(${of('lhs')} ${node.op} ${of('rhs')})`;
    if (node.type === 'unaryExpr') return `(${node.op}${of('expr')})`;
    if (node.type === 'parenExpr') return of('expr');
    if (node.type === 'numberLiteral') return node.val as string;
    return `${node.name}${node.offset ? `<${node.offset}` : ''}`;
  };
  return show(queryTree(query));
}

describe('precedence', () => {
  test.each([
    ['a + b * c', '(a + (b * c))'],
    ['a - b - c', '((a - b) - c)'],
    ['a ^ b ^ c', '(a ^ (b ^ c))'],
    ['-a ^ b', '(-(a ^ b))'],
    ['-2 ^ 2', '(-(2 ^ 2))'],
    ['2 ^ -1 * 3', '((2 ^ -1) * 3)'],
    ['-a * b', '((-a) * b)'],
    ['a or b and c', '(a or (b and c))'],
    ['a unless b or c', '((a unless b) or c)'],
    ['a > b + c', '(a > (b + c))'],
    ['a == b > c', '((a == b) > c)'],
    ['a + b offset 1s * c', '(a + (b<1000 * c))'],
    ['a atan2 b % c', '((a atan2 b) % c)'],
    ['a # the first\n + # plus\n b', '(a + b)'],
  ])('%s', (query, tree) => {
    expect(grouped(query)).toBe(tree);
  });
});

describe('as it is printed', () => {
  test.each([
    ['SUM(a)BY(b , c)', 'sum by (b, c) (a)'],
    ['topk without()(5,a)', 'topk without () (5, a)'],
    ['a{b="c",d=~"e|f"}[5m]offset 1h30m@10', 'a{b="c",d=~"e|f"}[5m] @ 10.000 offset 1h30m'],
    ['a @ end() offset -90s', 'a @ end() offset -1m30s'],
    ['{"with.dots", "l.x"!=\'y\'}', '{"with.dots","l.x"!="y"}'],
    ['{"plain"}', 'plain'],
    ['a[1h:] + on() group_left b[7d:90s]', undefined],
    ['rate(a[1h:])', 'rate(a[1h:])'],
    ['max_over_time((a > 1)[1w:90s])', 'max_over_time((a > 1)[1w:1m30s])'],
    ['a / on (x) group_left(y) b', 'a / on (x) group_left (y) b'],
    ['a == bool ignoring(x) b', 'a == bool ignoring (x) b'],
    ['0x1F + 1_000 + .5 + 1e-7 + 5m + 010', '31 + 1000 + 0.5 + 1e-07 + 5m + 8'],
    ['1. + 2.e3', '1 + 2000'],
    ['-Inf + NaN', '-Inf + NaN'],
    ['label_replace(a, "b", `\\1`, "c", "\\x41\\u00e9\\101\\n")', 'label_replace(a, "b", "\\\\1", "c", "AéA\\n")'],
  ])('%s', (query, printed) => {
    if (printed === undefined) expect(() => parseQuery(query)).toThrow(QueryError);
    else expect(print(parseQuery(query))).toBe(printed);
  });

  test('what is longer than a line is on several, two spaces in for each level', () => {
    const name = 'container_cpu_usage_seconds_total_with_a_long_name';
    expect(formatQuery(`sum by (job) (rate(${name}[5m])) / on (job) sum by (job) (rate(${name}[1h]))`)).toBe(
      [`  sum by (job) (rate(${name}[5m]))`, '/ on (job)', `  sum by (job) (rate(${name}[1h]))`].join('\n'),
    );
  });
});

describe('what is refused', () => {
  test.each([
    ['', '1:1', 'no expression found in input', 0],
    ['sum(', '1:5', 'unclosed left parenthesis', 4],
    ['a{b="c"', '1:8', 'unclosed left brace', 7],
    ['a)', '1:2', "unexpected right parenthesis ')'", 1],
    ['a b', '1:3', 'unexpected "b"', 2],
    ['a +\n  ]', '2:3', "unexpected right bracket ']'", 6],
    ['foo(a)', '1:1', 'unknown function with name "foo"', 0],
    ['rate(a)', '1:6', 'expected type range vector in call to function "rate", got instant vector', 5],
    ['abs(a, b)', '1:1', 'expected 1 argument(s) in call to "abs", got 2', 0],
    ['round()', '1:1', 'expected at least 1 argument(s) in call to "round", got 0', 0],
    ['sum(a[5m])', '1:5', 'expected type instant vector in aggregation expression, got range vector', 4],
    ['topk("a", b)', '1:6', 'expected type scalar in aggregation parameter, got string', 5],
    ['topk(a)', '1:1', 'wrong number of arguments for aggregate expression provided, expected 2, got 1', 0],
    ['-"a"', '1:1', 'unary expression only allowed on expressions of type scalar or instant vector, got "string"', 0],
    ['a + "b"', '1:5', 'binary expression must contain only scalar and instant vector types', 4],
    ['1 > 2', '1:1', 'comparisons between scalars must use BOOL modifier', 0],
    ['a + bool b', '1:1', 'bool modifier can only be used on comparison operators', 0],
    ['1 and a', '1:1', 'set operator "and" not allowed in binary scalar expression', 0],
    ['a and on(b) group_left() c', '1:1', 'no grouping allowed for "and" operation', 0],
    ['a * on(b) 1', '1:1', 'vector matching only allowed between instant vectors', 0],
    ['a * on(b) group_left(b) c', '1:1', 'label "b" must not occur in ON and GROUP clause at once', 0],
    ['{}', '1:1', 'vector selector must contain at least one non-empty matcher', 0],
    ['{a=~".*"}', '1:1', 'vector selector must contain at least one non-empty matcher', 0],
    ['a{__name__="b"}', '1:1', 'metric name must not be set twice: "a" or "b"', 0],
    ['sum(a)[5m]', '1:1', 'ranges only allowed for vector selectors', 0],
    ['a offset 5m[1h]', '1:1', 'no offset modifiers allowed before range', 0],
    ['a offset 1m offset 2m', '1:1', 'offset may not be set multiple times', 0],
    ['a @ 1 @ 2', '1:1', '@ <timestamp> may not be set multiple times', 0],
    ['a[0s]', '1:3', 'duration must be greater than 0', 2],
    ['a[5m][5m:]', '1:1', 'subquery is only allowed on instant vector, got range vector instead', 0],
    ['count_values("a\\xc5z", b)', '1:14', 'invalid label name "a\\xc5z"', 13],
  ])('%s', (query, place, message, from) => {
    const error = caught(query);
    expect(error.message).toContain(`invalid parameter "query": ${place}: parse error: ${message}`);
    expect([error.type, error.place?.from]).toEqual(['bad_data', from]);
  });

  test('a broken regular expression, by its reason', () => {
    expect(caught('a{b=~"("}').message).toContain('error parsing regexp: missing closing )');
  });

  test('what Prometheus has behind a flag, by that', () => {
    for (const query of [
      'limitk(1, a)',
      'mad_over_time(a[1m])',
      'sort_by_label(a, "b")',
      'a[5m * 2]',
      'a offset (5m + 1m)',
    ]) {
      expect(caught(query).message).toContain('experimental');
    }
  });
});

function caught(query: string): QueryError {
  try {
    parseQuery(query);
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
  throw new Error(`not refused: ${query}`);
}
