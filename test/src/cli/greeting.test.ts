/** What the start and `plimsoll check` say of engines and their containers. */
import { expect, test } from 'vitest';
import { NOT_CONNECTED } from '../../../agents/docker/status.ts';
import { foundLines } from '../../../src/cli/greeting.ts';

function said(containers: Record<string, number>, leftOut: number): string {
  const status = { ...NOT_CONNECTED, connected: true, version: '28.5', apiVersion: '1.51', cgroupDriver: 'systemd' };
  const engine = { endpoint: 'unix:///d', status, containers: new Map(Object.entries(containers)), leftOut };
  return foundLines({ engines: [engine], cgroup: 'v2', host: '2 CPUs' })[0]?.replace(/^.* at unix:\/\/\/d: /, '') ?? '';
}

test('a filter that leaves everything out is not "no containers yet"', () => {
  expect(said({}, 0)).toBe('no containers yet');
  expect(said({}, 3)).toBe('3 left out (agent.include, agent.exclude or their label plimsoll.ignore)');
  expect(said({ running: 2 }, 1)).toBe(
    '2 running, 1 left out (agent.include, agent.exclude or their label plimsoll.ignore)',
  );
});
