/**
 * Versions of the API: engines refuse clients that ask for an older one than they serve (Docker 29 below 1.44, any engine when it is told
 * to). The agent asks for none, gets the newest, and reads it right. Expected values are docker's own.
 */
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { type AgentStage, startAgentStage } from '../support/agentstage.ts';
import { engineAt, IMAGE } from '../support/engine.ts';
import type { Page } from '../support/page.ts';

const socket = inject('dockerSocket');
const engine = engineAt(socket);
let stage: AgentStage;
beforeAll(async () => {
  stage = await startAgentStage({ engines: [`unix://${socket}`] });
});

afterEach(() => engine.remove());
afterAll(() => stage?.stop());

/** Asks the engine as some client would. */
function ask(path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, path }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Waits until a container is in a state and has been asked about since. */
function whenShown(name: string, state: string): Promise<Page> {
  const shown = (page: Page): Page | false =>
    page.sum('container_state', { name, state }) === 1 &&
    page.all('container_oom_killed', { name }).length === 1 &&
    page;
  return stage.until('agent', shown, `${name} to be ${state}`);
}

test('a client of an older API than the engine serves is refused, and the agent is not', async () => {
  const version: Record<string, string> = JSON.parse((await ask('/version')).text);
  const [major = 0, minor = 0] = (version.MinAPIVersion ?? '').split('.').map(Number);
  // What the engine was told, if it was.
  expect(version.MinAPIVersion).toBe(process.env.DOCKER_MIN_API_VERSION ?? version.MinAPIVersion);
  const refused = await ask(`/v${major}.${minor - 1}/containers/json`);
  expect(refused).toEqual({ status: 400, text: expect.stringContaining('too old') });

  const said = stage.program.log();
  expect(said).toContain(`Docker ${version.Version} (API ${version.ApiVersion})`);
  const page = await stage.page();
  expect(page.sum('plimsoll_engine_up')).toBe(1);
  expect(page.all('plimsoll_engine_errors_total').filter(({ value }) => value > 0)).toEqual([]);
  expect(page.all('plimsoll_source_up').filter(({ value }) => value !== 1)).toEqual([]);
});

test('what is said of a container is what this version of the engine answers', async () => {
  const flags = ['--memory', '64m', '--cpus', '0.5', '--restart', 'on-failure:3', '--hostname', 'told'];
  await engine.run({ name: 'told', flags, script: 'sleep 100000' });
  const page = await whenShown('told', 'running');
  const [inspected] = JSON.parse(await engine.docker('inspect', 'told'));
  expect(page.value('container_start_time_seconds', { name: 'told' })).toBe(
    Date.parse(inspected.State.StartedAt) / 1000,
  );
  expect(page.value('container_creation_time_seconds', { name: 'told' })).toBe(Date.parse(inspected.Created) / 1000);
  expect(page.value('container_restarts_total', { name: 'told' })).toBe(inspected.RestartCount);
  expect(page.value('container_oom_killed', { name: 'told' })).toBe(0);
  expect(page.sum('container_health_status', { name: 'told', status: 'none' })).toBe(1);
  const { labels } = page.all('container_info', { name: 'told' })[0]!;
  const said = Object.fromEntries([...labels].filter(([name]) => name !== 'id'));
  expect(said).toEqual({
    name: 'told',
    image: IMAGE,
    image_id: inspected.Image,
    hostname: 'told',
    runtime: inspected.HostConfig.Runtime,
    network_mode: inspected.HostConfig.NetworkMode,
    restart_policy: 'on-failure',
    ...(inspected.ImageManifestDescriptor ? { image_digest: inspected.ImageManifestDescriptor.digest } : {}),
  });
});

test('how containers end: their own code, a signal, want of memory, a command that is not there', async () => {
  await engine.docker('run', '--name', 'own', IMAGE, 'sh', '-c', 'exit 9').catch(() => '');
  await engine.run({ name: 'stopped', script: 'trap "exit 0" TERM; sleep 100000 & wait' });
  await engine.docker('kill', '--signal', 'KILL', 'stopped');
  const memory = ['--memory', '32m', '--memory-swap', '32m'];
  await engine.docker('run', '--name', 'greedy', ...memory, IMAGE, 'tail', '/dev/zero').catch(() => '');
  await engine.docker('run', '--name', 'absent', IMAGE, '/no/such/program').catch(() => '');
  for (const name of ['own', 'stopped', 'greedy']) {
    const [{ State }] = JSON.parse(await engine.docker('inspect', name));
    // Until the agent has asked, the time of the event is what is known: some hundredths of a second later.
    const asked = (page: Page): Page | false =>
      page.sum('container_finished_time_seconds', { name }) === Date.parse(State.FinishedAt) / 1000 && page;
    const page = await stage.until('agent', asked, `${name} to have ended at ${State.FinishedAt}`);
    expect(page.sum('container_state', { name, state: 'exited' })).toBe(1);
    expect(page.value('container_exit_code', { name })).toBe(State.ExitCode);
  }
  const page = await whenShown('absent', 'created');
  expect(page.value('container_exit_code', { name: 'own' })).toBe(9);
  expect(page.value('container_exit_code', { name: 'stopped' })).toBe(137);
  expect(page.value('container_exit_code', { name: 'greedy' })).toBe(137);
  const killed = (name: string): number => page.value('container_oom_killed', { name });
  expect([killed('own'), killed('stopped'), killed('greedy')]).toEqual([0, 0, 1]);
});
