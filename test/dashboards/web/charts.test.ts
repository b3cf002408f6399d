/** Charts: what is asked, how answers become lines with gaps, how a drawing goes on, where marks stand. */
import { expect, test } from 'vitest';
import { answerOf, quoted } from '../../../dashboards/web/api/prom.ts';
import { drawingOf, joined, momentsIn, nameOf, timesOf } from '../../../dashboards/web/detail/columns.ts';
import { chartsOf, rateWindow } from '../../../dashboards/web/detail/questions.ts';

const AT = { step: 10, window: 10 };

test('a container is asked for by node and id, with what a name may hold as text', () => {
  const [cpu] = chartsOf({ kind: 'container', node: 'we"b\\1', id: '/docker/abc' }, AT);
  expect(cpu!.questions[0]!.expr).toBe(
    'sum(rate(container_cpu_usage_seconds_total{node="we\\"b\\\\1",id="/docker/abc"}[40s]))',
  );
  expect(quoted('a\nb')).toBe('"a\\nb"');
});

test('a host’s limits are the machine’s, a service’s series its own level’s', () => {
  const exprs = (subject: Parameters<typeof chartsOf>[0]) =>
    chartsOf(subject, AT).flatMap(({ questions }) => questions.map(({ expr }) => expr));
  const host = exprs({ kind: 'host', node: 'web-1' });
  expect(host).toContain('sum(machine_cpu_cores{node="web-1",id="/"})');
  expect(host).toContain('sum(machine_memory_bytes{node="web-1",id="/"})');
  const service = exprs({ kind: 'service', project: 'shop', service: 'web' });
  expect(service).toContain('sum(service_memory_working_set_bytes{project="shop",service="web"})');
  expect(service).toContain('max(service_pressure_io_waiting_max_ratio{project="shop",service="web"})');
  expect(service).toContain('sum(rate(service_network_receive_bytes_total{project="shop",service="web"}[40s]))');
});

test('a rate reaches over four windows, and over a step at least', () => {
  expect([rateWindow(10, 10), rateWindow(600, 10), rateWindow(1, 60)]).toEqual([40, 600, 240]);
});

const used = { name: 'used', expr: 'x' };

test('gaps are gaps, what goes out is below zero, what is of the time before is moved', () => {
  const steps = { from: 100, to: 140, step: 10 };
  const series = [
    {
      labels: { interface: 'eth0' },
      points: [
        [100, 1],
        [110, 2],
        [130, 4],
        [140, Number.NaN],
      ] as [number, number][],
    },
  ];
  const before = [{ labels: {}, points: [[50, 7]] as [number, number][] }];
  const { times, lines } = drawingOf(
    [
      { question: { name: '{{interface}} out', expr: 'x', below: true }, series },
      { question: used, series: before, by: 50 },
    ],
    steps,
  );
  expect(times).toEqual([100, 110, 120, 130, 140]);
  expect(lines.map(({ name, values, before: earlier }) => [name, values, earlier])).toEqual([
    ['eth0 out', [-1, -2, null, -4, null], false],
    ['used', [7, null, null, null, null], true],
  ]);
  expect(timesOf({ from: 0, to: 0.3, step: 0.1 })).toHaveLength(4);
});

test('a line without a value is no line, and a label called __proto__ only a label', () => {
  const { lines } = drawingOf([{ question: used, series: [{ labels: {}, points: [] }] }], {
    from: 0,
    to: 10,
    step: 10,
  });
  expect(lines).toEqual([]);
  expect(nameOf('{{__proto__}} in', {})).toBe('in');
});

test('a drawing goes on: what is new takes the place of what was not over, what is old leaves', () => {
  const a = { interface: 'eth0' };
  const earlier = [
    {
      labels: a,
      points: [
        [100, 1],
        [110, 2],
        [120, 3],
      ] as [number, number][],
    },
    { labels: { interface: 'gone' }, points: [[100, 9]] as [number, number][] },
  ];
  const later = [
    {
      labels: a,
      points: [
        [120, 3.5],
        [130, 4],
      ] as [number, number][],
    },
  ];
  expect(joined(earlier, later, 110)).toEqual([
    {
      labels: a,
      points: [
        [110, 2],
        [120, 3.5],
        [130, 4],
      ],
    },
  ]);
});

test('starts are marked where their own times are, once each', () => {
  const series = [
    {
      labels: {},
      points: [
        [110, 105],
        [120, 105],
        [130, 128],
        [140, 50],
      ] as [number, number][],
    },
  ];
  expect(momentsIn(series, 'start', { from: 100, to: 140 })).toEqual([
    { at: 105, what: 'start' },
    { at: 128, what: 'start' },
  ]);
});

test('an increase that is seen at several steps is one mark', () => {
  const series = [
    {
      labels: {},
      points: [
        [110, 1],
        [120, 1],
        [130, 1],
        [300, 2],
      ] as [number, number][],
    },
  ];
  expect(momentsIn(series, 'oom', { from: 100, to: 400 }).map(({ at }) => at)).toEqual([110, 300]);
});

test('answers of the API: infinity, a number alone, warnings', () => {
  const vector = answerOf({
    data: { resultType: 'vector', result: [{ metric: { a: 'b' }, value: [1, '+Inf'] }] },
    warnings: ['w'],
  });
  expect(vector).toEqual({
    kind: 'vector',
    warnings: ['w'],
    series: [{ labels: { a: 'b' }, points: [[1, Number.POSITIVE_INFINITY]] }],
  });
  expect(answerOf({ data: { resultType: 'scalar', result: [1, '2'] } }).series).toEqual([
    { labels: {}, points: [[1, 2]] },
  ]);
  expect(
    answerOf({
      data: {
        resultType: 'matrix',
        result: [
          {
            metric: {},
            values: [
              [1, 'NaN'],
              [2, '3'],
            ],
          },
        ],
      },
    }).series[0]!.points,
  ).toEqual([
    [1, Number.NaN],
    [2, 3],
  ]);
});
