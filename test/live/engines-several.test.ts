/**
 * A Docker Engine and a Podman in one agent, and Docker by a second socket as well: every container once and under its name, sums over
 * all of them, and an engine that is away costs the others nothing.
 */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { expectBracketed } from '../support/bracket.ts';
import { type Burning, burn } from '../support/containers.ts';
import { engineAt } from '../support/engine.ts';
import { cpuCounters } from '../support/kernel.ts';
import { collectorPage, type Page, pageOf } from '../support/page.ts';
import { type Podman, startPodman } from '../support/podman.ts';
import { type Program, startProgram } from '../support/program.ts';
import { type Stage, serviceLabels } from '../support/stage.ts';
import { waitFor } from '../support/wait.ts';

const STAY = 'trap "exit 0" TERM; sleep 100000 & wait';
const docker = engineAt(inject('dockerSocket'));

let podman: Podman;
let program: Program;
let asked: Pick<Stage, 'until'>;
let inDocker: Burning;
let inPodman: Burning;
let second: string;

beforeAll(async () => {
  podman = await startPodman();
  second = join(podman.dir, 'docker-too.sock');
  symlinkSync(docker.socket, second);
  [inDocker, inPodman] = await Promise.all([
    burn(docker, { name: 'in-docker', flags: serviceLabels('shop', 'worker') }),
    burn(podman, { name: 'in-podman', flags: serviceLabels('shop', 'worker') }),
    // The same name in both is two containers.
    docker.run({ name: 'both', script: STAY }),
    podman.run({ name: 'both', script: STAY }),
  ]);
  program = await startProgram({
    command: 'run',
    config: {
      node: 'several-1',
      agent: { interval: '1s', engines: [docker.socket, podman.socket, second].map((socket) => `unix://${socket}`) },
      collector: { window: '1s', lateness: '1s' },
    },
  });
  await program.ready();
  asked = {
    until: (view, ask, what) =>
      waitFor(async () => ask(await pageOn(view === 'collector' ? 'collector' : 'agent')), { timeoutMs: 30_000, what }),
  };
});

afterAll(async () => {
  await program?.stop();
  await docker.remove();
  await podman?.stop();
});

/** Reading it strictly: a series that was there twice would throw. */
async function pageOn(side: 'agent' | 'collector'): Promise<Page> {
  return side === 'collector' ? collectorPage(program) : pageOf(await program.metrics(side));
}

async function expectKernelsNumbers(): Promise<void> {
  await Promise.all(
    [inDocker, inPodman].map(({ id, name }) =>
      expectBracketed(asked, { container: { name }, shown: cpuCounters(id), views: ['agent', 'collector'] }),
    ),
  );
}

const upOf = (page: Page, socket: string): number => page.value('plimsoll_engine_up', { engine: `unix://${socket}` });

test('both engines’ containers, each once and with the kernel’s numbers', async () => {
  const page = await pageOn('agent');
  for (const socket of [docker.socket, podman.socket, second]) expect(upOf(page, socket)).toBe(1);
  const names = page.all('container_last_seen').flatMap(({ labels }) => labels.get('name') ?? []);
  expect(names.sort()).toEqual(['both', 'both', 'in-docker', 'in-podman']);
  await expectKernelsNumbers();
});

test('sums are over both, and count the engine with two sockets once', async () => {
  const page = await pageOn('collector');
  const worker = { project: 'shop', service: 'worker' };
  expect(page.value('service_containers', worker)).toBe(2);
  expect(page.value('node_containers')).toBe(4);
  const parts = page.sum('container_spec_cpu_limit_cores');
  // 0.2 each.
  expect(parts).toBeCloseTo(0.4, 12);
  expect(page.value('service_spec_cpu_limit_cores', worker)).toBeCloseTo(0.4, 12);
  expect(page.value('node_containers_spec_cpu_limit_cores')).toBeCloseTo(0.4, 12);
});

test('one engine away: its containers keep their names, the others do not notice', async () => {
  const before = await pageOn('agent');
  await podman.end();
  const away = await asked.until('agent', (page) => upOf(page, podman.socket) === 0 && page, 'Podman to be away');
  expect([upOf(away, docker.socket), upOf(away, second)]).toEqual([1, 1]);
  await docker.run({ name: 'new-in-docker', script: STAY });
  await asked.until('agent', (page) => page.all('container_last_seen', { name: 'new-in-docker' })[0], 'the new one');
  await expectKernelsNumbers();
  const page = await pageOn('agent');
  expect(page.value('plimsoll_agent_ticks_missed_total')).toBe(before.value('plimsoll_agent_ticks_missed_total'));
  // Docker by both sockets is well; the one that is away says so, and no other source suffers.
  const down = page.all('plimsoll_source_up').filter(({ value }) => value === 0);
  expect(down.map(({ labels }) => labels.get('source'))).toEqual(['docker2']);
  await podman.start();
  await asked.until('agent', (p) => upOf(p, podman.socket) === 1, 'Podman to be back');
});
