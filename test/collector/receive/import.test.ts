/** `POST /api/v1/import`: each format, and what the answer says of what was not kept. */
import { expect, test } from 'vitest';
import { receivers, standIn } from './bench.ts';

const T = 1_800_000_000_000;

test.each([
  ['json', `{"metric":{"__name__":"a","b":"c"},"values":[1],"timestamps":[${T}]}`],
  ['influx', `a,b=c value=1 ${T}000000`],
  ['prometheus', `a{b="c"} 1 ${T}`],
  ['openmetrics', `# TYPE a unknown\na{b="c"} 1 ${T / 1000}\n# EOF\n`],
])('%s', async (format, payload) => {
  const { post, store } = await receivers();
  const { status, body } = await post(`/api/v1/import?format=${format}`, payload);
  expect([status, JSON.parse(body)]).toEqual([200, { received: 1, accepted: 1, dropped: {}, bad_lines: 0, lines: [] }]);
  expect(store.kept).toEqual(new Map([['a{b="c"}', [[T, 1]]]]));
});

test('what is not kept, with reasons, and the first lines that are none', async () => {
  const store = standIn(() => ({ accepted: 1, dropped: new Map([['too_old', 1]]), problem: 'a: too old' }));
  const { post, counts } = await receivers({ store });
  const { body } = await post('/api/v1/import?format=prometheus', 'a 1 1\nno\na 2 2\nb{x="1",x="2"} 1');
  expect(JSON.parse(body)).toEqual({
    received: 3,
    accepted: 1,
    dropped: { bad_labels: 1, too_old: 1 },
    bad_lines: 1,
    lines: [{ line: 2, text: 'no', why: 'it has no value that is a number' }],
    problem: 'line 2: it has no value that is a number',
  });
  expect(counts('import')).toMatchObject({ received: 3, accepted: 1, badLines: 1 });
});

test.each([
  ['?format=csv', 400, 'format is "csv"; legal: json, influx, prometheus, openmetrics'],
  ['?format=influx&precision=x', 400, 'precision is "x"; legal: ns, us, ms, s, m, h'],
])('refuses %s', async (query, status, message) => {
  const { post } = await receivers();
  const answer = await post(`/api/v1/import${query}`, 'a 1');
  expect([answer.status, JSON.parse(answer.body).message]).toEqual([status, message]);
});

test('the disk is full: to be sent again', async () => {
  const store = standIn(() => ({ accepted: 0, dropped: new Map([['unwritable', 1]]), problem: 'the disk is full' }));
  const { post } = await receivers({ store });
  expect(await post('/api/v1/import?format=prometheus', 'a 1')).toMatchObject({
    status: 503,
    headers: { 'retry-after': '10' },
  });
});
