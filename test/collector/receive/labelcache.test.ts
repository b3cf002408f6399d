/** What is remembered of labels changes nothing in what is read, and is bounded. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { createLabelCache } from '../../../collector/receive/labelcache.ts';
import { readVersion1 } from '../../../collector/receive/remotewrite/version1.ts';
import { readVersion2 } from '../../../collector/receive/remotewrite/version2.ts';
import { labels } from '../../../src/model/labels.ts';
import { bytesField, double, message, number, packed, text } from './protobuf.ts';

const limits = { maxLabels: 4, maxLabelBytes: 300 };
const word = fc.oneof(fc.constantFrom('', 'a', 'ab', '__name__', '1', '1,1:a'), fc.string({ maxLength: 200 }));
const series = fc.array(fc.tuple(word, word), { maxLength: 5 });

test.prop([fc.array(series, { minLength: 1, maxLength: 6 }), fc.boolean()])(
  '1.0: with it as without it',
  (all, scattered) => {
    const sample = message(2, double(1, 1), number(2, 5));
    const body = Buffer.concat(
      all.map((pairs) => {
        const parts = pairs.map(([name, value]) => message(1, text(1, name), text(2, value)));
        return message(
          1,
          message(1, text(1, '__name__'), text(2, 'm')),
          ...(scattered ? [sample] : []),
          ...parts,
          sample,
        );
      }),
    );
    const cached = { ...limits, cache: createLabelCache() };
    const wanted = [...readVersion1(body, limits)];
    for (let times = 0; times < 2; times++) expect([...readVersion1(body, cached)]).toEqual(wanted);
  },
);

test.prop([fc.array(series, { minLength: 1, maxLength: 6 })])('2.0: with it as without it', (all) => {
  const symbols = ['', '__name__', 'm', ...new Set(all.flat(2))];
  const body = Buffer.concat([
    ...symbols.map((one) => bytesField(4, Buffer.from(one))),
    ...all.map((pairs) =>
      message(
        5,
        packed(1, 1, 2, ...pairs.flat().map((one) => symbols.indexOf(one))),
        message(2, double(1, 1), number(2, 5)),
      ),
    ),
  ]);
  const cached = { ...limits, cache: createLabelCache() };
  const wanted = [...readVersion2(body, limits)];
  for (let times = 0; times < 2; times++) expect([...readVersion2(body, cached)]).toEqual(wanted);
});

test('what is asked for stays, what is not goes', () => {
  const cache = createLabelCache({ maxEntries: 10, maxCharacters: 1000 });
  const one = { ...labels([['a', 'b']]), hash: 1 };
  cache.put('kept', one);
  for (let i = 0; i < 1000; i++) {
    cache.put(`k${i}`, one);
    expect(cache.get('kept')).toBe(one);
    expect(cache.size).toBeLessThanOrEqual(20);
  }
  expect(cache.get('k0')).toBeUndefined();
  cache.put('long'.repeat(100), one);
  expect(cache.get('long'.repeat(100))).toBeUndefined();
});
