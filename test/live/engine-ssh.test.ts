/**
 * An engine by ssh, through a real OpenSSH server and a real key agent: names, states and events as by a socket, numbers by the engine's
 * stats, one handshake for all of it; hosts that are not known are refused, and what is wrong is said.
 */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { type AgentStage, startAgentStage } from '../support/agentstage.ts';
import { expectBracketed } from '../support/bracket.ts';
import { burn, killed } from '../support/containers.ts';
import { engineAt } from '../support/engine.ts';
import { requirePrograms } from '../support/install.ts';
import { cpuCounters } from '../support/kernel.ts';
import { type Page, pageOf } from '../support/page.ts';
import { type Program, startProgram } from '../support/program.ts';
import { serverDir } from '../support/servers.ts';
import { type KeyAgent, makeKey, type Sshd, startKeyAgent, startSshd } from '../support/sshd.ts';
import { waitFor } from '../support/wait.ts';

const engine = engineAt(inject('dockerSocket'));
const STAY = 'trap "exit 0" TERM; sleep 100000 & wait';

let keys: KeyAgent;
let sshd: Sshd;
/** The machine's /proc without its processes: what is on the engine's host is not to be seen from another one. */
let proc: string;

beforeAll(async () => {
  requirePrograms('sshd', 'ssh-agent', 'ssh-add', 'ssh-keygen', 'ssh-keyscan');
  keys = await startKeyAgent();
  sshd = await startSshd({ socket: engine.socket, authorized: keys.publicKey });
  proc = join(keys.dir, 'proc');
  mkdirSync(proc);
  for (const name of readdirSync('/proc')) if (!/^\d/.test(name)) symlinkSync(join('/proc', name), join(proc, name));
});

afterAll(async () => {
  await engine.remove();
  await sshd?.stop();
  await keys?.stop();
});

/** The environment of a user with these known hosts and the key agent. */
function userWith(knownHosts: string): { HOME: string; SSH_AUTH_SOCK: string; knownHosts: string } {
  const home = serverDir('ssh-home');
  mkdirSync(join(home, '.ssh'));
  const file = join(home, '.ssh', 'known_hosts');
  writeFileSync(file, knownHosts);
  return { HOME: home, SSH_AUTH_SOCK: keys.socket, knownHosts: file };
}

const up = (page: Page): boolean => page.value('plimsoll_engine_up') === 1;

describe('a host that is known', () => {
  let stage: AgentStage;
  let burning: Awaited<ReturnType<typeof burn>>;

  beforeAll(async () => {
    burning = await burn(engine);
    await Promise.all(Array.from({ length: 9 }, (_, i) => engine.run({ name: `idle-${i}`, script: STAY })));
    stage = await startAgentStage({ engines: [sshd.url], proc }, { env: userWith(`${sshd.knownHost}\n`) });
    await stage.until('agent', up, 'the engine');
  });
  afterAll(() => stage?.stop());

  test('its containers have their names, states and numbers', async () => {
    const page = await stage.until(
      'agent',
      (p) => p.all('container_memory_usage_bytes', { image: 'plimsoll-test/busybox' }).length === 10 && p,
      'ten',
    );
    expect(page.labelValues('container_state', 'name')).toEqual([
      'burn',
      ...Array.from({ length: 9 }, (_, i) => `idle-${i}`),
    ]);
    expect(page.value('container_state', { name: 'burn', state: 'running' })).toBe(1);
    expect(page.value('container_spec_cpu_limit_cores', { name: 'burn' })).toBe(0.2);
    expect(page.value('plimsoll_source_up', { source: 'stats' })).toBe(1);
    await expectBracketed(stage, {
      container: { name: 'burn' },
      shown: cpuCounters(burning.id).filter(({ metric }) => metric === 'container_cpu_usage_seconds_total'),
      views: ['agent'],
    });
  });

  test('events come: what starts later appears, what is killed shows its exit code', async () => {
    await engine.run({ name: 'later', script: STAY });
    await stage.until(
      'agent',
      (page) => page.all('container_memory_usage_bytes', { name: 'later' }).length === 1,
      'later',
    );
    const end = await killed(engine);
    const page = await stage.until(
      'agent',
      (p) => p.all('container_exit_code', { name: 'killed' }).length === 1 && p,
      'the end',
    );
    expect(page.value('container_exit_code', { name: 'killed' })).toBe(end.exitCode);
  });

  test('many rounds of stats need one handshake', async () => {
    const ticks = (page: Page): number => page.value('plimsoll_agent_ticks_total');
    const from = ticks(await stage.page());
    await stage.until('agent', (page) => ticks(page) >= from + 3, 'three ticks');
    expect(sshd.logins()).toBe(1);
  });

  test('the server dies and comes back: names stay, and it connects again', async () => {
    await sshd.kill();
    const away = await stage.until('agent', (page) => !up(page) && page, 'the loss');
    expect(away.labelValues('container_state', 'name')).toContain('burn');
    await sshd.start();
    await stage.until('agent', up, 'the return');
    await engine.run({ name: 'after-return', script: STAY });
    await stage.until(
      'agent',
      (page) => page.all('container_memory_usage_bytes', { name: 'after-return' }).length === 1,
      'it',
    );
    expect(sshd.logins()).toBe(2);
  });

  test('its end ends the connection', async () => {
    expect(await stage.program.end()).toBe(0);
    await waitFor(() => sshd.log().includes('Disconnected from user'), { what: 'the server to see it go' });
  });
});

describe('what is wrong is said', () => {
  const programs: Program[] = [];
  const servers: Sshd[] = [];
  afterEach(async () => {
    for (const program of programs.splice(0)) await program.stop();
    for (const server of servers.splice(0)) await server.stop();
  });

  type Env = Readonly<Record<string, string>>;

  async function startAgent(url: string, env: Env): Promise<Program> {
    const config = { agent: { interval: '1s', engines: [url], proc } };
    const program = await startProgram({ command: 'agent', config, env });
    programs.push(program);
    return program;
  }

  async function serverWithout(options: Partial<Parameters<typeof startSshd>[0]>): Promise<Sshd> {
    const server = await startSshd({ authorized: keys.publicKey, ...options });
    servers.push(server);
    return server;
  }

  const variables = (env: Env): string[] => ['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];

  /** In the words of the start, of `plimsoll check`, and once in the log however often it is tried. */
  async function expectSaid(program: Program, env: Env, ...words: string[]): Promise<void> {
    await waitFor(() => warnings(program).length > 0, { timeoutMs: 30_000, what: 'a word of it' });
    const failed = async (): Promise<number> =>
      pageOf(await program.metrics('agent')).sum('plimsoll_engine_errors_total') ?? 0;
    await waitFor(async () => (await failed()) >= 3, { timeoutMs: 60_000, what: 'three attempts' });
    const said = warnings(program);
    expect(said).toHaveLength(1);
    for (const word of words) {
      expect(said[0]).toContain(word);
      expect(program.check(variables(env))).toContain(word);
    }
  }

  function warnings(program: Program): string[] {
    const isWarning = (line: string): boolean => line.startsWith('{') && JSON.parse(line).endpoint !== undefined;
    return program
      .log()
      .split('\n')
      .filter(isWarning)
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
  }

  test('a host that is not known is refused, and let in once it was added', async () => {
    const env = userWith('');
    const program = await startAgent(sshd.url, env);
    await expectSaid(program, env, sshd.url, 'is not among the known hosts', `ssh-keyscan -p ${sshd.port} 127.0.0.1`);
    writeFileSync(env.knownHosts, `${sshd.knownHost}\n`);
    await waitFor(async () => up(pageOf(await program.metrics('agent'))), { timeoutMs: 30_000, what: 'the engine' });
  });

  test('a host whose key has changed is refused', async () => {
    const other = makeKey(keys.dir, 'other');
    const env = userWith(`[127.0.0.1]:${sshd.port} ${other}\n`);
    const before = sshd.logins();
    const program = await startAgent(sshd.url, env);
    const remove = `ssh-keygen -R '[127.0.0.1]:${sshd.port}'`;
    await expectSaid(program, env, sshd.url, 'is not the one among the known hosts', remove);
    expect(sshd.logins()).toBe(before);
  });

  test('a host without the engine’s socket', async () => {
    const server = await serverWithout({});
    const env = userWith(`${server.knownHost}\n`);
    await expectSaid(await startAgent(server.url, env), env, server.url, 'docker.sock');
  });

  test('a host without the docker program', async () => {
    const server = await serverWithout({ config: ['SetEnv PATH=/nowhere'] });
    const env = userWith(`${server.knownHost}\n`);
    await expectSaid(await startAgent(server.url, env), env, server.url, 'has no docker program');
  });

  test('nobody is let in with the wrong key, or without a key agent', async () => {
    const server = await serverWithout({ authorized: makeKey(keys.dir, 'another') });
    const env = userWith(`${server.knownHost}\n`);
    await expectSaid(await startAgent(server.url, env), env, server.url, 'with the keys that the ssh agent holds');
    const agentless = { ...env, SSH_AUTH_SOCK: '' };
    await expectSaid(await startAgent(server.url, agentless), agentless, 'set SSH_AUTH_SOCK');
    const agentGone = { ...env, SSH_AUTH_SOCK: '/nowhere/agent' };
    await expectSaid(
      await startAgent(server.url, agentGone),
      agentGone,
      'the ssh agent at /nowhere/agent does not answer',
    );
  });
});

test('a host known by another of its keys than it would show first', async () => {
  const rsa = makeKey(keys.dir, 'rsa_host', 'rsa');
  const server = await startSshd({
    socket: engine.socket,
    authorized: keys.publicKey,
    config: [`HostKey ${join(keys.dir, 'rsa_host')}`],
  });
  const agent = await startAgentStage(
    { engines: [server.url], proc },
    { env: userWith(`[127.0.0.1]:${server.port} ${rsa}\n`) },
  );
  await agent.until('agent', up, 'the engine');
  await agent.stop();
  await server.stop();
});
