/** What a PromQL query asks for, and how Grafana's variables are filled in before. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Grafana’s variables.
import { describe, expect, test } from 'vitest';
import { readPromql } from '../../../../src/cli/dashboards/query/promql.ts';
import { fillInflux, fillPromql, labelsNamed } from '../../../../src/cli/dashboards/query/variables.ts';

const values = new Map<string, string | undefined>([
  ['host', undefined],
  ['metric', 'container_memory_rss'],
]);

describe('Grafana’s variables', () => {
  test.each([
    ['rate(x[$__rate_interval])', 'rate(x[1m])'],
    ['rate(x[${__interval}])', 'rate(x[1m])'],
    ['rate(x[[[interval]]])', 'rate(x[1m])'],
    ['rate(x[${__range_s}s])', 'rate(x[1s])'],
    ['max_over_time(x[1h:$interval])', 'max_over_time(x[1h:1m])'],
    ['x offset $shift', 'x offset 1m'],
    ['x{instance=~"$host"}', 'x{instance=~"grafana_variable"}'],
    ['x{instance=~"${host:regex}",a="[[host]]"}', 'x{instance=~"grafana_variable",a="grafana_variable"}'],
    ['$metric{a="b"}', 'container_memory_rss{a="b"}'],
    ['sum by ($by) (x)', 'sum by (grafana_variable) (x)'],
    ['topk($n, x)', 'topk(grafana_variable, x)'],
    ['increase(x[1h]) / $__range_s', 'increase(x[1h]) / 60'],
    // What begins with a digit is label_replace's, not Grafana's.
    ['label_replace(x, "a", "$1", "b", "(.*)")', 'label_replace(x, "a", "$1", "b", "(.*)")'],
  ])('%s', (text, filled) => {
    expect(fillPromql(text, values)).toBe(filled);
    expect(() => readPromql(filled)).not.toThrow();
  });

  test('InfluxDB’s', () => {
    const text = 'SELECT mean("a") FROM "m" WHERE "h" =~ /^$host$/ AND $timeFilter GROUP BY time($__interval)';
    expect(fillInflux(text, values)).toBe(
      'SELECT mean("a") FROM "m" WHERE "h" =~ /^grafana_variable$/ AND time > 0 GROUP BY time(1m)',
    );
    expect(fillInflux('WHERE $__timeFilter(time)', values)).toBe('WHERE time > 0');
  });

  test('labels that legends and annotations name', () => {
    expect(labelsNamed('{{name}} on {{ instance }}')).toEqual(['name', 'instance']);
    expect(labelsNamed('{{ $labels.pod }}: {{ $value | humanize }} {{ .Labels.name }}')).toEqual(['pod', 'name']);
  });
});

describe('what is asked', () => {
  test('selectors with their matchers, by name and by __name__', () => {
    const { selectors } = readPromql('a{x="1",y!~"b.*"} / on (x) {__name__="c",z=~`d\\.`} or up');
    expect(selectors).toEqual([
      {
        metric: 'a',
        matchers: [
          { label: 'x', op: '=', value: '1' },
          { label: 'y', op: '!~', value: 'b.*' },
        ],
      },
      { metric: 'c', matchers: [{ label: 'z', op: '=~', value: 'd\\.' }] },
      { metric: 'up', matchers: [] },
    ]);
  });

  test('the labels that are grouped and joined by, of which metrics', () => {
    const { labels } = readPromql('sum by (p, q) (rate(a[5m])) * on (p) group_left (r) b');
    const said = labels.map(({ label, how, of }) => `${how} ${label} of ${of.map(({ metric }) => metric).join('+')}`);
    expect(said.sort()).toEqual(['by p of a', 'by q of a', 'group_left r of a+b', 'on p of a+b']);
    expect(readPromql('sum without (p) (a) / ignoring (q) b').labels).toEqual([]);
  });

  test('labels that the query makes', () => {
    const text = 'sum by (short) (label_replace(a, "short", "$1", "name", "(.{5}).*")) or count_values("v", b)';
    expect([...readPromql(text).made].sort()).toEqual(['short', 'v']);
  });

  test('comparisons with zero and ages', () => {
    expect(readPromql('(a{x="y"}) == 0 or 0 == b or c > 0').comparedWithZero).toEqual(['a', 'b']);
    expect(readPromql('(time() - container_last_seen{name="x"}) > 60').aged).toEqual(['container_last_seen']);
    expect(readPromql('time() - max_over_time(container_last_seen[1h])').aged).toEqual([]);
  });

  test.each([
    ['sum(a', 'it is no PromQL: something is missing at its end'],
    ['a{b=1}', 'it is no PromQL at character 5, before "1}"'],
    ['', 'it is no PromQL: something is missing at its end'],
  ])('%j is none', (text, words) => {
    expect(() => readPromql(text)).toThrow(words);
  });
});
