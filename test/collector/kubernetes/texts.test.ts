/** Quantities, durations and selectors as Kubernetes writes and reads them. */
import { describe, expect, test } from 'vitest';
import { bytes, cores, duration, instant } from '../../../collector/kubernetes/quantity.ts';
import { fieldTest, labelTest } from '../../../collector/kubernetes/selectors.ts';
import { tableVersion } from '../../../collector/kubernetes/table.ts';

test.each([
  [0, '0'],
  [182_734_512, '182734512n'],
  [1_500_000, '1500u'],
  [250_000_000, '250m'],
  [1_250_000_000, '1250m'],
  [2_000_000_000, '2'],
  [64_000_000_000_000, '64k'],
])('%d billionths of a core are %s: the largest unit that is exact', (nanocores, text) => {
  expect(cores(nanocores)).toBe(text);
});

test.each([
  [0, '0'],
  [5_000_001, '5000001'],
  [19_732 * 1024, '19732Ki'],
  [32 * 1024 ** 2, '32Mi'],
  [2 * 1024 ** 3, '2Gi'],
])('%d bytes are %s', (count, text) => {
  expect(bytes(count)).toBe(text);
});

test.each([
  [500, '500ms'],
  [10_000, '10s'],
  [15_953, '15.953s'],
  [60_500, '1m0.5s'],
  [3_600_000, '1h0m0s'],
])('%d ms are %s, as Go prints a duration', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('times are to the second, cut', () => {
  expect(instant(Date.UTC(2022, 7, 2, 15, 16, 21, 999))).toBe('2022-08-02T15:16:21Z');
});

describe('labelSelector', () => {
  const own = new Map([
    ['app', 'web'],
    ['app.kubernetes.io/name', 'shop'],
    ['tier', ''],
    ['rank', '7'],
  ]);
  const matches = (selector: string): boolean => labelTest(selector)((key) => own.get(key));

  // After Kubernetes' documentation: `!=` and `notin` also match what has no such label.
  test.each([
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web , rank = 7', true],
    ['app=db', false],
    ['app!=db', true],
    ['app!=web', false],
    ['none!=x', true],
    ['app in (db, web)', true],
    ['app in (db)', false],
    ['none in (a)', false],
    ['none notin (a)', true],
    ['app notin (web,db)', false],
    ['app', true],
    ['!app', false],
    ['none', false],
    ['!none', true],
    ['tier=', true],
    ['app.kubernetes.io/name=shop,app', true],
    ['rank>6', true],
    ['rank<7', false],
    ['app>1', false],
  ])('%s: %s', (selector, answer) => {
    expect(matches(selector)).toBe(answer);
  });

  test.each(['a=b=c', '=x', 'app in web', 'app in (a', 'a b', ',', 'rank>x', 'a/b/c=d', `a=${'x'.repeat(20_000)}`])(
    'refuses %j',
    (selector) => {
      expect(() => labelTest(selector)).toThrow(/parse|integer|characters/);
    },
  );
});

test('fieldSelector knows name and namespace', () => {
  const matches = (selector: string): boolean => fieldTest(selector)({ name: 'web-0', namespace: 'shop' });
  expect(matches('metadata.name=web-0,metadata.namespace!=db')).toBe(true);
  expect(matches('metadata.name==web-1')).toBe(false);
  expect(() => fieldTest('status.phase=Running')).toThrow(
    'field selector "status.phase=Running" is not known; legal: metadata.name, metadata.namespace',
  );
});

test('a Table goes to who asks for one first', () => {
  const kubectl =
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
  expect(tableVersion(kubectl)).toBe('v1');
  expect(tableVersion('application/json;as=Table;v=v1beta1;g=meta.k8s.io')).toBe('v1beta1');
  expect(tableVersion('application/vnd.kubernetes.protobuf, */*')).toBeUndefined();
  expect(tableVersion('application/json, application/json;as=Table;v=v1;g=meta.k8s.io')).toBeUndefined();
  expect(tableVersion(undefined)).toBeUndefined();
});
