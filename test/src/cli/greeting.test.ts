/** The words of the start: what was found, what is left out on purpose, what is in trouble. */
import { expect, test } from 'vitest';
import { NOT_CONNECTED } from '../../../agents/docker/status.ts';
import { foundLines } from '../../../agents/found.ts';
import type { SinkStats } from '../../../collector/sinks/account.ts';
import type { Store } from '../../../collector/store/types.ts';
import { greeting } from '../../../src/cli/greeting.ts';
import { loadConfig } from '../../../src/config/load.ts';

function engineLine(containers: ReadonlyMap<string, number>, leftOut: number): string {
  const status = { ...NOT_CONNECTED, connected: true, version: '28.5.1', apiVersion: '1.51', cgroupDriver: 'systemd' };
  const engine = { endpoint: 'unix:///run/docker.sock', status, containers, leftOut };
  return foundLines({ engines: [engine], cgroup: 'v2', host: '2 CPUs', lacking: [] })[0] as string;
}

test('a filter that leaves everything out is not said to be a machine without containers', () => {
  const out = 'left out (agent.include, agent.exclude or their label plimsoll.ignore)';
  expect(engineLine(new Map(), 0)).toMatch(/: no containers yet$/);
  expect(engineLine(new Map(), 7)).toContain(`: 7 ${out}`);
  expect(engineLine(new Map([['running', 3]]), 2)).toContain(`: 3 running, 2 ${out}`);
  expect(engineLine(new Map([['running', 3]]), 0)).toMatch(/: 3 running$/);
});

test('a sink in trouble has a line, one that is well has none', () => {
  const config = loadConfig({ env: {}, flags: new Map() });
  const common = { received: 9, delivered: 0, dropped: new Map(), queuedSamples: 9, retries: 3, lastSuccessMs: 0 };
  const well: SinkStats = { ...common, sink: 'old', queuedFrames: 0, up: true, lastError: 'once upon a time' };
  const ill: SinkStats = { ...common, sink: 'influx', queuedFrames: 3, up: false, lastError: 'connection refused' };
  const lines = greeting({
    agent: undefined,
    collector: { url: 'http://127.0.0.1:9640', sinks: () => [well, ill] },
    config,
  });
  expect(lines.filter((line) => line.startsWith('TROUBLE'))).toEqual([
    'TROUBLE:   sink influx: connection refused; 3 windows wait',
  ]);
});

test('a start that keeps history says where to ask for it', () => {
  const config = loadConfig({ env: {}, flags: new Map() });
  const collector = { url: 'http://127.0.0.1:9640', dataDir: '/var/lib/plimsoll/collector' };
  const lines = (store?: object) =>
    greeting({ agent: undefined, collector: { ...collector, ...(store ? { store: store as Store } : {}) }, config });
  expect(lines({}).filter((line) => line.startsWith('History'))).toEqual([
    'History:   every container’s, for the page, plimsoll query, and Grafana (as a Prometheus: http://127.0.0.1:9640)',
  ]);
  expect(lines().join('\n')).not.toContain('History');
});
