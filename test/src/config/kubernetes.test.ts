/** The keys for Kubernetes: what is legal for the API server's address, and what is said of what is not. */
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';

const api = (value: string) =>
  loadConfig({ env: { PLIMSOLL_AGENT_KUBERNETES_API: value }, flags: new Map() }).agent.kubernetes.api;

test('the API server is not asked unless that is said', () => {
  const { kubernetes } = loadConfig({ env: {}, flags: new Map() }).agent;
  expect(kubernetes).toEqual({ api: 'off', tls: {}, pod_labels: [], requests: false });
});

test.each(['off', 'in_cluster'])('agent.kubernetes.api: %s', (value) => expect(api(value)).toBe(value));

test('agent.kubernetes.api: an address', () => {
  expect(api('https://10.0.0.1:6443')).toMatchObject({ url: 'https://10.0.0.1:6443' });
});

test('agent.kubernetes.api: anything else is refused, with what is legal', () => {
  expect(() => api('yes')).toThrow(/agent\.kubernetes\.api.*must be off, in_cluster, or the API server’s address/s);
});

test('kubelets are few and far between unless somebody says otherwise', () => {
  expect(loadConfig({ env: {}, flags: new Map() }).collector.kubelets).toMatchObject({
    nodes: [],
    interval: 15_000,
    deadline: 5000,
    at_a_time: 16,
  });
});
