/** prom-client's registry in both formats: every metric kind, and the registry the same before and after. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { expect, test } from 'vitest';
import { fromPromClient, selfText } from '../../../src/exposition/self.ts';
import { parsePromText } from '../../support/promtext.ts';

const none = new Set<string>();

test('counters, gauges, histograms and summaries', async () => {
  const registers = [new Registry()];
  new Counter({ name: 'plimsoll_x_total', help: 'X.', labelNames: ['reason'], registers }).inc({ reason: 'a "b"' }, 3);
  new Gauge({ name: 'plimsoll_up', help: 'Up.', registers }).set(1);
  const histogram = new Histogram({ name: 'plimsoll_d_seconds', help: 'D.', buckets: [0.1, 1], registers });
  for (const seconds of [0.0625, 0.5, 4]) histogram.observe(seconds);
  new Summary({ name: 'plimsoll_s', help: 'S.', percentiles: [0.5], registers }).observe(2);
  const families = await fromPromClient(registers[0] as Registry);
  const body = `plimsoll_x_total{reason="a \\"b\\""} 3
# %s plimsoll_up gauge
plimsoll_up 1
# %s plimsoll_d_seconds histogram
plimsoll_d_seconds_bucket{le="0.1"} 1
plimsoll_d_seconds_bucket{le="1"} 2
plimsoll_d_seconds_bucket{le="+Inf"} 3
plimsoll_d_seconds_sum 4.5625
plimsoll_d_seconds_count 3
# %s plimsoll_s summary
plimsoll_s{quantile="0.5"} 2
plimsoll_s_sum 2
plimsoll_s_count 1
`.replaceAll('# %s', '# TYPE');
  expect(selfText(families, 'text', none).replace(/^# HELP.*\n/gm, '')).toBe(
    `# TYPE plimsoll_x_total counter\n${body}`,
  );
  expect(selfText(families, 'openmetrics', none).replace(/^# HELP.*\n/gm, '')).toBe(
    `# TYPE plimsoll_x counter\n${body}`,
  );
});

test('the usual process metrics are legal in both formats, and rendering changes nothing', async () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const before = (await registry.getMetricsAsJSON()).map((metric) => metric.name);
  const families = await fromPromClient(registry);
  const names = [...parsePromText(selfText(families, 'text', none), 'text').keys()];
  expect(names).toContain('process_cpu_user_seconds_total');
  const openMetrics = parsePromText(`${selfText(families, 'openmetrics', none)}# EOF\n`, 'openmetrics');
  expect(openMetrics.get('process_cpu_user_seconds')?.type).toBe('counter');
  expect((await registry.getMetricsAsJSON()).map((metric) => metric.name)).toEqual(before);
});

test('NaN is absent, a family whose name is taken is left out', async () => {
  const registers = [new Registry()];
  new Gauge({ name: 'nothing', help: 'N.', registers }).set(Number.NaN);
  new Gauge({ name: 'taken', help: 'T.', registers }).set(1);
  new Gauge({ name: 'endless', help: 'E.', registers }).set(Number.POSITIVE_INFINITY);
  const families = await fromPromClient(registers[0] as Registry);
  expect(selfText(families, 'text', new Set(['taken']))).toBe(
    '# HELP endless E.\n# TYPE endless gauge\nendless +Inf\n',
  );
});
