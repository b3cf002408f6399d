/** The engine goes, comes back, comes late, hangs or is not there: names stay, numbers go on, and the start says what it found. */
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectBracketed } from '../support/bracket.ts';
import { burn } from '../support/containers.ts';
import { type Dockerd, startDockerd } from '../support/dockerd.ts';
import { cpuReader } from '../support/kernel.ts';
import { type Page, pageOf } from '../support/page.ts';
import { type Program, startProgram } from '../support/program.ts';
import { type Stage, startStage, type ViewName } from '../support/stage.ts';
import { waitFor } from '../support/wait.ts';

let dockerd: Dockerd;
beforeAll(async () => {
  // So that the containers themselves live on while it is away.
  dockerd = await startDockerd({ flags: ['--live-restore'] });
});

afterAll(() => dockerd?.stop());

function engineUp(page: Page): boolean {
  return page.sum('plimsoll_engine_up') === 1;
}

describe('under a running agent', () => {
  let stage: Stage;
  let lasting: { id: string; pid: number };
  beforeAll(async () => {
    stage = await startStage({ socket: dockerd.socket });
    lasting = await burn(dockerd, { name: 'lasting', cores: 0.1 });
    await stage.until('agent', (page) => page.all('container_last_seen', { name: 'lasting' }).length === 1, 'it');
  });

  afterAll(async () => {
    await stage?.stop();
    await dockerd.remove();
  });

  /** Its counters, under its name, are the kernel's. */
  function numbersGoOn(...further: ViewName[]): Promise<void> {
    const shown = [{ metric: 'container_cpu_usage_seconds_total', kernel: cpuReader(lasting.id) }];
    return expectBracketed(stage, { container: { name: 'lasting' }, shown, views: ['agent', ...further] });
  }

  /** A container that is started now is shown by its name soon. */
  async function newcomerIsSeen(name: string): Promise<void> {
    await dockerd.run({ name, script: 'sleep 100000' });
    await stage.until('agent', (page) => page.all('container_memory_rss', { name }).length === 1, name);
  }

  test('killed: names and numbers go on, what ends has gone, and all is well after its return', async () => {
    const brief = await dockerd.run({ name: 'brief', script: 'sleep 100000' });
    await stage.until('agent', (page) => page.all('container_memory_rss', { name: 'brief' }).length === 1, 'brief');
    await dockerd.kill();
    await stage.until('agent', (page) => !engineUp(page), 'the loss');
    await numbersGoOn('scraped agent', 'collector');

    process.kill(brief.pid, 'SIGKILL');
    const after = await stage.until(
      'agent',
      (page) => page.all('container_last_seen', { name: 'brief' }).length === 0 && page,
      'its end',
    );
    expect(after.all('container_memory_rss', { name: 'brief' })).toEqual([]);
    // Nobody has said what became of it: no state is claimed.
    expect(after.sum('container_state', { name: 'brief' })).toBeUndefined();
    expect(after.value('container_memory_rss', { name: 'lasting' })).toBeGreaterThan(0);

    await dockerd.start();
    await stage.until('agent', engineUp, 'its return');
    await newcomerIsSeen('after-kill');
    const exited = { name: 'brief', state: 'exited' };
    await stage.until('agent', (page) => page.sum('container_state', exited) === 1, 'word of its end');
    await numbersGoOn();
  });

  test('restarted: the same', async () => {
    await dockerd.end();
    await stage.until('agent', (page) => !engineUp(page), 'the loss');
    await numbersGoOn();
    await dockerd.start();
    await stage.until('agent', engineUp, 'its return');
    await newcomerIsSeen('after-restart');
    await numbersGoOn();
  });

  test('hung: ticks are on time, and what it says afterwards is heard', async () => {
    process.kill(dockerd.pid, 'SIGSTOP');
    try {
      const before = await stage.views.agent();
      await numbersGoOn();
      const ticks = (page: Page): number => page.value('plimsoll_agent_ticks_total');
      const after = await stage.until('agent', (page) => ticks(page) >= ticks(before) + 3 && page, 'three ticks');
      expect(after.value('plimsoll_agent_ticks_missed_total')).toBe(before.value('plimsoll_agent_ticks_missed_total'));
      // Not `docker`: when it has been silent for long enough that source says so.
      for (const source of ['cgroup', 'network', 'host']) {
        expect(after.value('plimsoll_source_up', { source }), source).toBe(1);
      }
    } finally {
      process.kill(dockerd.pid, 'SIGCONT');
    }
    await newcomerIsSeen('after-hang');
  });
});

describe('at the start', () => {
  const programs: Program[] = [];
  afterEach(async () => {
    for (const program of programs.splice(0)) await program.stop();
  });

  async function startAgent(engines: readonly string[]): Promise<Program> {
    const program = await startProgram({ command: 'agent', config: { agent: { interval: '1s', engines } } });
    programs.push(program);
    return program;
  }

  /** The host's numbers, and no container's. */
  async function hostAlone(program: Program): Promise<void> {
    await program.ready();
    const page = pageOf(await program.metrics('agent'));
    expect(page.value('machine_memory_bytes')).toBeGreaterThan(0);
    expect(page.value('container_memory_usage_bytes', { id: '/' })).toBeGreaterThan(0);
    expect(page.labelValues('container_cpu_usage_seconds_total', 'name')).toEqual(['']);
  }

  /** In plain words, among those of the start. */
  function expectSaidWhy(program: Program, socket: string): void {
    const line = program
      .log()
      .split('\n')
      .find((each) => each.startsWith('Engine:'));
    expect(line).toContain(`there is no socket at unix://${socket}`);
    expect(line).toContain('The host alone is served');
  }

  test('an engine that comes later is found by itself', async () => {
    await dockerd.end();
    const program = await startAgent([`unix://${dockerd.socket}`]);
    expectSaidWhy(program, dockerd.socket);
    await hostAlone(program);
    await dockerd.start();
    await dockerd.run({ name: 'late', script: 'sleep 100000' });
    await waitFor(
      async () => pageOf(await program.metrics('agent')).all('container_memory_rss', { name: 'late' }).length === 1,
      {
        timeoutMs: 30_000,
        what: 'the engine that came late',
      },
    );
  });

  test('without any engine the host is served, and the start says why', async () => {
    const socket = '/nowhere/docker.sock';
    expect(existsSync(socket)).toBe(false);
    const nowhere = await startAgent([`unix://${socket}`]);
    expectSaidWhy(nowhere, socket);
    await hostAlone(nowhere);
    const none = await startAgent(['none']);
    expect(none.log()).toMatch(/No container engine is configured.*host alone/);
    await hostAlone(none);
  });
});
