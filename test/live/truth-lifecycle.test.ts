/** How containers live and end: killed for want of memory or by hand, alive for two seconds, paused, restarting, never started, ill. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { expectBracketed } from '../support/bracket.ts';
import { oomChild } from '../support/containers.ts';
import { engineAt, IMAGE } from '../support/engine.ts';
import { cpuReader, oomKills } from '../support/kernel.ts';
import type { Page } from '../support/page.ts';
import { serviceLabels, type Stage, startStage, type ViewName } from '../support/stage.ts';
import { waitFor } from '../support/wait.ts';

const socket = inject('dockerSocket');
const engine = engineAt(socket);
const EVERYWHERE: readonly ViewName[] = ['agent', 'collector', 'scraped agent', 'scraped collector'];
const REST = 'trap "exit 0" TERM; sleep 100000 & wait';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ socket, sinks: { lines: { kind: 'stdout', levels: ['container'] } } });
});

afterAll(async () => {
  await stage?.stop();
  await engine.remove();
});

/** The state that a page says a container is in: of the seven exactly one must be 1. */
function stateOn(page: Page, name: string): string {
  const all = page.all('container_state', { name });
  expect(all.length === 0 || all.length === 7, `${all.length} states of ${name}`).toBe(true);
  const states = all.filter(({ value }) => value === 1).map(({ labels }) => labels.get('state'));
  return states.join(' and ');
}

function inState(view: ViewName, name: string, state: string): Promise<Page> {
  return stage.until(view, (page) => stateOn(page, name) === state && page, `${name} to be ${state}`);
}

describe('a child that is killed for want of memory', () => {
  test('is counted while its container lives on', async () => {
    const container = await oomChild(engine, { everyMs: 300 });
    await waitFor(() => oomKills(container.id) >= 2, { what: 'two kills by the kernel' });
    const shown = [
      { metric: 'container_oom_events_total', kernel: () => oomKills(container.id) },
      { metric: 'container_memory_events_oom_kill_total', kernel: () => oomKills(container.id) },
    ];
    await expectBracketed(stage, { container: { name: 'oomchild' }, shown, views: EVERYWHERE });
    const page = await stage.views['scraped agent']();
    expect(page.value('container_oom_events_total', { name: 'oomchild' })).toBeGreaterThanOrEqual(2);
    expect(stateOn(page, 'oomchild')).toBe('running');
    expect(await engine.field(container.id, '.State.Running')).toBe('true');
    await engine.remove(container.id);
  });
});

describe('a container that is killed by hand', () => {
  const service = { project: 'lives', service: 'pair' };
  const numbers = ['container_memory_usage_bytes', 'container_cpu_usage_seconds_total', 'container_threads'];
  let before: Page;

  beforeAll(async () => {
    for (const name of ['victim', 'survivor']) {
      await engine.run({ name, flags: serviceLabels('lives', 'pair'), script: REST });
    }
    before = await stage.until(
      'collector',
      (page) => page.sum('service_state', { ...service, state: 'running' }) === 2 && page,
      'both to run',
    );
    await engine.docker('kill', 'victim');
    await engine.docker('wait', 'victim');
  });

  test.each(EVERYWHERE)('is exited with 137 and has no numbers: %s', async (view) => {
    const page = await inState(view, 'victim', 'exited');
    expect(page.value('container_exit_code', { name: 'victim' })).toBe(137);
    for (const metric of [...numbers, 'container_last_seen']) {
      expect(page.all(metric, { name: 'victim' }), metric).toEqual([]);
      expect(page.all(metric, { name: 'survivor' }), metric).toHaveLength(1);
    }
    expect(page.all('container_exit_code', { name: 'survivor' })).toEqual([]);
  });

  test('is out of its service’s sums, and its service’s counters keep what it counted', async () => {
    const page = await inState('collector', 'victim', 'exited');
    for (const gauge of ['memory_usage_bytes', 'memory_rss', 'threads']) {
      const survivor = page.value(`container_${gauge}`, { name: 'survivor' });
      expect(before.value(`service_${gauge}`, service)).toBe(before.sum(`container_${gauge}`, labelled(service)));
      expect(page.value(`service_${gauge}`, service)).toBe(survivor);
    }
    expect(page.value('service_state', { ...service, state: 'running' })).toBe(1);
    const counter = 'service_cpu_usage_seconds_total';
    expect(page.value(counter, service)).toBeGreaterThanOrEqual(before.value(counter, service));
  });
});

/** A service's labels as its containers carry them. */
function labelled({ project, service }: { project: string; service: string }): Record<string, string> {
  return {
    container_label_com_docker_compose_project: project,
    container_label_com_docker_compose_service: service,
  };
}

/** Reads a container's CPU time again and again until its cgroup has gone. */
async function watchToTheEnd(id: string): Promise<{ atMs: number; seconds: number }[]> {
  const readings: { atMs: number; seconds: number }[] = [];
  const read = cpuReader(id);
  for (;;) {
    try {
      readings.push({ atMs: Date.now(), seconds: read() });
    } catch (error) {
      expect(['ENOENT', 'ENODEV']).toContain((error as NodeJS.ErrnoException).code);
      return readings;
    }
    await delay(5);
  }
}

/**
 * On v2 and hybrid hosts the kernel says when a cgroup's last process has gone, and it is read then. Where only v1 is, a young container
 * is read every 250 ms, so that at most this long is lost, on however many CPUs it ran. Nothing more can be counted than there was.
 */
const LOST_MS = 250;
/** For the end of the processes themselves, after the test's own last reading. */
const DYING_SECONDS = 0.05;

describe('a container of two seconds', () => {
  test.concurrent.each([
    ['dozer', 'sleeps before its end', 'timeout 1 sh -c "while :; do :; done"; sleep 1; exit 7'],
    ['worker', 'works to its end', 'timeout 2 sh -c "while :; do :; done"; exit 7'],
  ])('leaves its CPU time to its service, and its exit code: the %s %s', async (name, _what, script) => {
    const { id } = await engine.run({ name, flags: serviceLabels('lives', name), script });
    const readings = await watchToTheEnd(id);
    const last = readings.at(-1) as (typeof readings)[number];
    const sure = readings.filter(({ atMs }) => atMs <= last.atMs - LOST_MS).at(-1) as typeof last;
    expect(last.seconds, name).toBeGreaterThan(0.05);

    const page = await inState('collector', name, 'exited');
    expect(page.value('container_exit_code', { name })).toBe(7);
    // The service has had no other container: all it counted is this one's.
    const counted = page.value('service_cpu_usage_seconds_total', { project: 'lives', service: name });
    expect(counted).toBeGreaterThanOrEqual(sure.seconds);
    expect(counted).toBeLessThanOrEqual(last.seconds + DYING_SECONDS);
    console.info(
      `two seconds, ${name}: the kernel's last ${last.seconds.toFixed(4)} s, counted ${counted.toFixed(4)} s`,
    );
    // Of what has ended there is no start, from which somebody would reckon an uptime that grows.
    expect(page.all('container_start_time_seconds', { name })).toEqual([]);
    const started = Date.parse(await engine.field(id, '.State.StartedAt')) / 1000;
    const lived = page.value('container_finished_time_seconds', { name }) - started;
    expect(lived).toBeGreaterThan(1.9);
    expect(lived).toBeLessThan(10);
    await engine.remove(name);
  });
});

/** The fields of a removed container's states and description, out of the JSON lines of every window so far. */
function written(name: string): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const line of stage.program.log().split('\n')) {
    if (!line.startsWith('{"time"') || !line.includes(`"name":"${name}"`)) continue;
    const { fields } = JSON.parse(line) as { fields: Record<string, number> };
    for (const [field, value] of Object.entries(fields)) found.set(field, [...(found.get(field) ?? []), value]);
  }
  return found;
}

describe('a container of two seconds that is removed at its end', () => {
  test.concurrent.each([
    { name: 'rmjob', flags: [], ends: 'exit 7', exitCode: 7, oomKilled: 0 },
    // The kernel kills the container's first process.
    { name: 'rmoomer', flags: ['--memory', '16m'], ends: 'exec tail /dev/zero', exitCode: 137, oomKilled: 1 },
  ])('leaves its exit code and times in the sinks: $name', async ({ name, flags, ends, exitCode, oomKilled }) => {
    await engine.run({ name, flags: ['--rm', ...flags], script: `sleep 2; ${ends}` });
    const fields = await waitFor(() => written(name).has('exit_code') && written(name), {
      timeoutMs: 30_000,
      what: `the end of ${name} in the JSON lines`,
    });
    // A tick may fall between its end and its removal.
    expect(new Set(fields.get('exit_code'))).toEqual(new Set([exitCode]));
    expect(fields.get('oom_killed')?.at(-1)).toBe(oomKilled);
    const [finished] = fields.get('finished_time_seconds') as number[];
    expect((finished as number) - (fields.get('start_time_seconds')?.at(-1) as number)).toBeGreaterThan(1.9);
    await stage.until('agent', (page) => page.all('container_state', { name }).length === 0, `${name} to be absent`);
  });
});

describe('restarts', () => {
  test('a service counts its members’ restarts by the policy, each of them once', async () => {
    const again = (name: string) =>
      engine.run({
        name,
        flags: [...serviceLabels('loop', 'again'), '--restart', 'always'],
        script: 'sleep 0.2; exit 1',
      });
    await again('again-1');
    await again('again-2');
    const count = async (): Promise<number> => {
      const counts = await Promise.all(['again-1', 'again-2'].map((name) => engine.field(name, '.RestartCount')));
      return counts.reduce((sum, each) => sum + Number(each), 0);
    };
    await waitFor(async () => (await count()) >= 6, { timeoutMs: 30_000, what: 'six restarts' });
    const low = await count();
    const shown = await stage.until(
      'collector',
      (page) => (page.sum('service_restarts_total', { service: 'again' }) ?? 0) >= low && page,
      'the restarts of the service',
    );
    expect(shown.value('service_restarts_total', { service: 'again' })).toBeLessThanOrEqual(await count());
    await engine.remove('again-1', 'again-2');
  });
});

describe('states', () => {
  test('paused, stopped, restarting and never started are told apart', async () => {
    await engine.run({ name: 'pauses', script: REST });
    await engine.docker('pause', 'pauses');
    await engine.docker('create', '--name', 'waits', IMAGE, 'true');
    await engine.run({ name: 'stops', script: 'exit 4' });
    await engine.run({ name: 'loops', flags: ['--restart', 'always'], script: 'exit 6' });

    const paused = await inState('scraped agent', 'pauses', 'paused');
    // It is alive and holds its memory; it only does not run.
    expect(paused.all('container_last_seen', { name: 'pauses' })).toHaveLength(1);
    expect(paused.value('container_memory_usage_bytes', { name: 'pauses' })).toBeGreaterThan(0);

    const created = await inState('scraped agent', 'waits', 'created');
    expect(created.all('container_start_time_seconds', { name: 'waits' })).toEqual([]);
    expect(created.all('container_exit_code', { name: 'waits' })).toEqual([]);

    const stopped = await inState('scraped agent', 'stops', 'exited');
    expect(stopped.value('container_exit_code', { name: 'stops' })).toBe(4);

    const low = Number(await engine.field('loops', '.RestartCount'));
    const restarts = await stage.until(
      'scraped agent',
      (page) => {
        const shown = page.value('container_restarts_total', { name: 'loops' });
        return stateOn(page, 'loops') === 'restarting' && shown >= low && shown;
      },
      'between two runs',
    );
    expect(restarts).toBeLessThanOrEqual(Number(await engine.field('loops', '.RestartCount')));

    const looping = await inState('scraped agent', 'loops', 'restarting');
    expect(looping.value('container_exit_code', { name: 'loops' })).toBe(6);

    await engine.docker('unpause', 'pauses');
    await inState('scraped agent', 'pauses', 'running');
    await engine.remove('pauses', 'waits', 'stops', 'loops');
    await stage.until(
      'scraped collector',
      (page) =>
        ['pauses', 'waits', 'stops', 'loops'].every((name) => page.all('container_state', { name }).length === 0),
      'the removed to be absent',
    );
  });

  test('starting is neither well nor ill; a new name takes the old one’s place', async () => {
    const health = ['--health-cmd', 'test -e /tmp/well', '--health-interval', '1s', '--health-start-period', '100s'];
    const { id } = await engine.run({ name: 'patient', flags: health, script: REST });
    const status = (page: Page, name: string, which: string) =>
      page.sum('container_health_status', { name, status: which });
    const starting = await stage.until(
      'scraped agent',
      (page) => status(page, 'patient', 'starting') === 1 && page,
      'starting',
    );
    expect(status(starting, 'patient', 'unhealthy')).toBe(0);
    expect(status(starting, 'patient', 'healthy')).toBe(0);
    // cAdvisor's own metric has no word for it: a 0 would say ill.
    expect(starting.all('container_health_state', { name: 'patient' })).toEqual([]);

    await engine.docker('exec', 'patient', 'touch', '/tmp/well');
    const well = await stage.until(
      'scraped agent',
      (page) => status(page, 'patient', 'healthy') === 1 && page,
      'healthy',
    );
    expect(well.value('container_health_state', { name: 'patient' })).toBe(1);

    await engine.docker('rename', 'patient', 'cured');
    const renamed = await stage.until(
      'scraped agent',
      (page) => stateOn(page, 'cured') === 'running' && page,
      'the new name',
    );
    expect(renamed.all('container_state', { name: 'patient' })).toEqual([]);
    expect(renamed.all('container_memory_usage_bytes', { name: 'cured' })[0]?.labels.get('id')).toContain(id);
    await engine.remove('cured');
  });
});
