/**
 * Engines without root's rights on cgroup v1, where they can make no cgroups: Debian's Podman 4.3 and Docker 20.10, each as a user of its
 * own, watched by root and by that user. Their containers have names, states, networks and room on disk; CPU, memory, block io and
 * processes are nobody's knowledge, whatever the engines' own stats answer, and are absent.
 */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAMILIES } from '../../src/catalog/index.ts';
import { type AgentStage, startAgentStage } from '../support/agentstage.ts';
import { expectBracketed } from '../support/bracket.ts';
import type { Engine, Running } from '../support/engine.ts';
import { networkCounters, V2 } from '../support/kernel.ts';
import { startPodman } from '../support/podman.ts';
import type { Unprivileged } from '../support/rootless.ts';
import { startRootlessDocker } from '../support/rootlessdocker.ts';
import type { Server } from '../support/servers.ts';

const STAY = 'trap "exit 0" TERM; sleep 100000 & wait';
/** What can be known of a container that has no cgroup. */
const KNOWN = ['advtcp', 'filesystem', 'info', 'network', 'state', 'tcp', 'udp'];

type Rootless = Engine & Omit<Server, 'pid'> & { readonly user: Unprivileged };

const ENGINES = [
  {
    name: 'Podman',
    start: async () => (await startPodman({ rootless: true })) as Rootless,
    flags: ['--network', 'slirp4netns'],
    device: 'tap0',
    outlived: true,
  },
  {
    name: 'Docker',
    start: async (): Promise<Rootless> => startRootlessDocker(),
    flags: [],
    device: 'eth0',
    outlived: false,
  },
];

describe.each(ENGINES)('rootless $name', ({ start, flags, device, outlived }) => {
  let engine: Rootless;
  let stage: AgentStage;
  let busy: Running;
  const agent = { families: FAMILIES.map((family) => family.name) };

  beforeAll(async () => {
    engine = await start();
    busy = await engine.run({ name: 'busy', flags: [...flags, '--memory', '64m'], script: 'while :; do :; done' });
    await engine.run({ name: 'alone', flags: ['--network', 'none', '--label', 'team=x'], script: STAY });
    stage = await startAgentStage({ ...agent, labels: ['team'], engines: [`unix://${engine.socket}`] });
  });

  afterAll(async () => {
    await stage?.stop();
    await engine?.stop();
  });

  /** The families of which a container has any series. */
  async function familiesOf(of: AgentStage, container: string): Promise<string[]> {
    const measured = (page: Awaited<ReturnType<AgentStage['page']>>) =>
      page.all('container_fs_usage_bytes', { name: container }).length > 0 && page;
    const page = await of.until('agent', measured, 'room on disk');
    const found = FAMILIES.filter(({ columns }) =>
      columns.some(({ metric }) => page.all(metric, { name: container }).length > 0),
    );
    return found.map((family) => family.name);
  }

  test('runs without cgroups of its own, which is what this test is about', async () => {
    expect(V2).toBe(false);
    expect(execFileSync('cat', [`/proc/${busy.pid}/cgroup`], { encoding: 'utf8' })).not.toContain(busy.id);
  });

  test('its containers have names, states and labels', async () => {
    const page = await stage.page();
    expect(page.labelValues('container_last_seen', 'name')).toEqual(['', 'alone', 'busy']);
    expect(page.value('container_state', { name: 'busy', state: 'running' })).toBe(1);
    expect(page.value('container_last_seen', { name: 'alone', container_label_team: 'x' })).toBeGreaterThan(0);
  });

  test('the network is the kernel’s, once', async () => {
    const shown = networkCounters(busy.pid, device);
    await expectBracketed(stage, { container: { name: 'busy' }, shown, views: ['agent'] });
    const page = await stage.page();
    expect(page.labelValues('container_network_receive_bytes_total', 'interface')).not.toContain('network');
    expect(page.all('container_network_receive_bytes_total', { name: 'busy' }).length).toBe(1);
    expect(page.all('container_network_receive_bytes_total', { name: 'alone' })).toEqual([]);
  });

  test('what cannot be known is absent', async () => {
    expect((await familiesOf(stage, 'busy')).sort()).toEqual(KNOWN);
    // That is no failure of anything.
    const page = await stage.page();
    expect(page.sum('plimsoll_source_up')).toBe(page.all('plimsoll_source_up').length);
  });

  test('the start and `plimsoll check` say so', async () => {
    const words = /rootless\) at unix:.*: 2 running\nNote: +that engine cannot give its containers cgroups/;
    expect(stage.program.log()).toMatch(words);
    expect(stage.program.check(engine.user.become)).toMatch(
      /--\s+Note: +that engine cannot give its containers cgroups/,
    );
  });

  test('its user sees what root sees of it', async () => {
    const own = await startAgentStage(
      { ...agent, labels: ['team'], engines: [`unix://${engine.socket}`] },
      { become: engine.user.become },
    );
    try {
      expect(await familiesOf(own, 'busy')).toEqual(await familiesOf(stage, 'busy'));
      const shown = networkCounters(busy.pid, device);
      await expectBracketed(own, { container: { name: 'busy' }, shown, views: ['agent'] });
    } finally {
      await own.stop();
    }
  });

  test('with the engine gone, what goes on is shown under its name, and what ended with it is not', async () => {
    await engine.end();
    const page = await stage.until('agent', (p) => p.value('plimsoll_engine_up') === 0 && p, 'the engine to be away');
    expect(page.labelValues('container_last_seen', 'name')).toEqual(outlived ? ['', 'alone', 'busy'] : ['']);
    expect(page.labelValues('container_network_receive_bytes_total', 'name')).toEqual(outlived ? ['', 'busy'] : ['']);
    if (outlived) {
      const shown = networkCounters(busy.pid, device);
      await expectBracketed(stage, { container: { name: 'busy' }, shown, views: ['agent'] });
    }
    await engine.start();
    const state = { name: 'busy', state: outlived ? 'running' : 'exited' };
    const back = (p: typeof page) =>
      p.value('plimsoll_engine_up') === 1 && p.value('container_state', state) === 1 && p;
    const again = await stage.until('agent', back, 'the engine to be back');
    expect(again.labelValues('container_state', 'name')).toEqual(['alone', 'busy']);
  });
});
