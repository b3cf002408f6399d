/** Text in, facts out: quantities as Kubernetes writes them, what a bundle says of requests, and where an API server is. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { accessOf } from '../../../../agents/kubernetes/api/access.ts';
import { quantity } from '../../../../agents/kubernetes/api/quantity.ts';
import type { CriRecord } from '../../../../agents/kubernetes/record.ts';
import { requestsOf } from '../../../../agents/kubernetes/requests.ts';
import { serverDir } from '../../../support/servers.ts';

test.each([
  ['100m', 0.1],
  ['2', 2],
  ['0.5', 0.5],
  ['.5', 0.5],
  ['1500u', 0.0015],
  ['250000000n', 0.25],
  ['16Mi', 16 * 1024 * 1024],
  ['1Gi', 1_073_741_824],
  ['1.5G', 1_500_000_000],
  ['128974848', 128_974_848],
  ['129e6', 129_000_000],
  ['12E', 12e18],
  ['', Number.NaN],
  ['Mi', Number.NaN],
  ['1Xi', Number.NaN],
  ['1mi', Number.NaN],
  ['1 Mi', Number.NaN],
])('the quantity %j is %d', (text, value) => {
  expect(quantity(text)).toBe(value);
});

describe('requests by the bundle', () => {
  const pod = '51d6a055-2df5-4ab8-b4b2-a4772b8288f4';
  const record = (qos: string, limits: Partial<CriRecord['limits']>, type = 'container') =>
    ({ type, cgroupPath: `/kubepods${qos}/pod${pod}/c1`, limits: { cpuShares: 0, memory: 0, ...limits } }) as CriRecord;

  // What the kubelet makes of them: floor(m * 1024 / 1000), at least 2.
  test.each([3, 10, 100, 250, 333, 999, 1000, 1001, 3500, 64_000])('%d thousandths of a core', (m) => {
    const cpuShares = Math.floor((m * 1024) / 1000);
    expect(requestsOf(record('/burstable', { cpuShares }), undefined)?.cpu).toBe(m / 1000);
  });

  test('who asks for nothing has the least shares, and no request', () => {
    expect(requestsOf(record('/besteffort', { cpuShares: 2 }), undefined)).toEqual({
      cpu: Number.NaN,
      memory: Number.NaN,
    });
  });

  test('a guaranteed pod asks for its limit; of another only the API server tells', () => {
    expect(requestsOf(record('', { memory: 1024 }), undefined)?.memory).toBe(1024);
    expect(requestsOf(record('/burstable', { memory: 1024 }), undefined)?.memory).toBe(Number.NaN);
    expect(requestsOf(record('/burstable', { memory: 1024 }), { cpu: 1, memory: 512 })).toEqual({
      cpu: 1,
      memory: 512,
    });
  });

  test('pause and plain containers ask for nothing', () => {
    expect(requestsOf(record('', { cpuShares: 512 }, 'sandbox'), undefined)).toBeUndefined();
    expect(requestsOf(record('', { cpuShares: 512 }, 'plain'), undefined)).toBeUndefined();
  });
});

describe('where the API server is', () => {
  test('in a cluster: by the variables and files that every pod has, read anew each time', () => {
    const account = serverDir('account');
    onTestFinished(() => rmSync(account, { recursive: true }));
    writeFileSync(join(account, 'token'), 'one\n');
    writeFileSync(join(account, 'ca.crt'), 'PEM');
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
    const access = accessOf({ api: 'in_cluster', tls: {} }, env, account);
    expect(access?.url).toBe('https://[fd00::1]:6443');
    expect(access?.token()).toBe('one');
    writeFileSync(join(account, 'token'), 'two\n');
    expect(access?.token()).toBe('two');
    expect(access?.tls()).toMatchObject({ ca: 'PEM' });
  });

  test('outside of a cluster in_cluster is refused, with the remedy', () => {
    expect(() => accessOf({ api: 'in_cluster', tls: {} }, {})).toThrow(
      /agent\.kubernetes\.api: is in_cluster, and KUBERNETES_SERVICE_HOST is not set.*use off, or/,
    );
  });

  test('a token that cannot be read is named', () => {
    const access = accessOf({ api: 'https://api:6443', token_file: '/nowhere', tls: {} }, {});
    expect(() => access?.token()).toThrow(/agent\.kubernetes\.token_file: \/nowhere cannot be read/);
  });

  test('off is off', () => {
    expect(accessOf({ api: 'off', tls: {} }, {})).toBeUndefined();
  });
});
