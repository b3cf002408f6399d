/** Place and range as the address says them: there and back, whatever is in it. */
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import {
  GROUPINGS,
  HOME,
  type Place,
  placeOf,
  queryOf,
  type Subject,
  VIEWS,
} from '../../../dashboards/web/state/address.ts';
import {
  fittingSpan,
  momentsOf,
  panned,
  rangeOf,
  rangeText,
  SPANS,
  stepsOf,
  zoomed,
} from '../../../dashboards/web/state/range.ts';

const word = fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }).filter((text) => text.isWellFormed());
const subject: fc.Arbitrary<Subject | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({ kind: fc.constant('container' as const), node: word, id: word }),
  fc.record({ kind: fc.constant('host' as const), node: word }),
  fc.record({ kind: fc.constant('service' as const), project: word, service: word }),
  fc.record({ kind: fc.constant('project' as const), project: word }),
  fc.record({ kind: fc.constant('namespace' as const), namespace: word }),
);
const place: fc.Arbitrary<Place> = fc.record({
  view: fc.constantFrom(...VIEWS),
  subject,
  filter: fc.oneof(fc.constant(''), word),
  sort: fc.constantFrom('memory', 'cpu', 'name'),
  upwards: fc.boolean(),
  group: fc.constantFrom(undefined, ...GROUPINGS),
  ended: fc.boolean(),
  range: fc.oneof(
    fc.constant('fitting' as const),
    fc.constantFrom(...SPANS).map((last) => ({ last })),
    fc.nat(1e9).map((from) => ({ from, to: from + 3600 })),
  ),
  compare: fc.boolean(),
  expr: fc.oneof(fc.constant(''), word),
});

property.prop([place])('a place comes back from its address', (given) => {
  expect(placeOf(queryOf(given))).toEqual(given);
});

property.prop([fc.string({ unit: 'binary' })])('any address is a place', (text) => {
  expect(VIEWS).toContain(placeOf(text).view);
});

test('only what is not as at the beginning is in the address', () => {
  expect(queryOf(HOME)).toBe('');
  expect(queryOf({ ...HOME, filter: 'host:web-1 memory>100M', sort: 'cpu', group: 'service', ended: true })).toBe(
    '?q=host%3Aweb-1+memory%3E100M&sort=cpu&group=service&ended',
  );
  expect(
    queryOf({ ...HOME, subject: { kind: 'container', node: 'web-1', id: '/docker/abc' }, range: { last: '6h' } }),
  ).toBe('?of=container&node=web-1&id=%2Fdocker%2Fabc&range=6h');
});

test('what is no range is the one that fits', () => {
  for (const text of [null, '', '7', '1w', 'x-y', '5-4', '1800000000-1800000001'])
    expect(rangeText(rangeOf(text)), String(text)).toBe('');
  expect(rangeOf('1800000000-1800003600')).toEqual({ from: 1_800_000_000, to: 1_800_003_600 });
});

test('steps are those that a person would choose, aligned, and no shorter than a window', () => {
  // An hour in 360 points would be 10 s; the windows are of 10 s.
  expect(stepsOf({ from: 1003, to: 4603 }, { points: 360, window: 10 })).toEqual({ from: 1000, to: 4600, step: 10 });
  // A year in 360 points is 87 600 s: a day is the next.
  expect(stepsOf({ from: 0, to: 365 * 86_400 }, { points: 360, window: 10 }).step).toBe(86_400);
  // 5 minutes at windows of a minute.
  expect(stepsOf({ from: 0, to: 300 }, { points: 360, window: 60 }).step).toBe(60);
});

test('a page opens on the shortest span that holds what there is, and on no more than an hour', () => {
  const now = 1_800_000_000;
  // Two minutes of data; a quarter of an hour and a window; a month.
  expect(fittingSpan(now, now - 120)).toBe('5m');
  expect(fittingSpan(now, now - 900)).toBe('15m');
  expect(fittingSpan(now, now - 910)).toBe('1h');
  expect(fittingSpan(now, now - 30 * 86_400)).toBe('1h');
  expect(momentsOf('fitting', now, now - 120)).toEqual({ from: now - 300, to: now });
  // What the address says holds.
  expect(momentsOf({ last: '1h' }, now, now - 120)).toEqual({ from: now - 3600, to: now });
});

test('the range moves by a part of itself, and becomes half or twice as long around its middle', () => {
  const hour = momentsOf({ last: '1h' }, 7200, 0);
  expect(hour).toEqual({ from: 3600, to: 7200 });
  expect(panned(hour, -0.5)).toEqual({ from: 1800, to: 5400 });
  expect(zoomed(hour, 0.5)).toEqual({ from: 4500, to: 6300 });
  expect(zoomed({ from: 0, to: 20 }, 0.5)).toEqual({ from: 0, to: 20 });
});
