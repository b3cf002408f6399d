/** What the README promises someone who has just cloned the project: the start says what it found, and the numbers are to be seen. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { stringify } from 'yaml';
import { CHECKOUT, plimsoll } from '../support/command.ts';
import { burn, killed } from '../support/containers.ts';
import { engineAt } from '../support/engine.ts';
import { fetchText } from '../support/http.ts';
import { V2 } from '../support/kernel.ts';
import { pageOf } from '../support/page.ts';
import { freePort } from '../support/ports.ts';
import { type Server, serverDir, startServer } from '../support/servers.ts';
import { startTmux } from '../support/tmux.ts';
import { waitFor } from '../support/wait.ts';

const socket = inject('dockerSocket');
const engine = engineAt(socket);
const ENGINE = ['--agent.engines', `unix://${socket}`];

let start: Server;
let urls: { agent: string; collector: string };

beforeAll(async () => {
  await burn(engine, { name: 'busy', cores: 0.2 });
  await engine.run({ name: 'idle', flags: ['--memory', '64m'], script: 'sleep 100000' });
  await killed(engine, { name: 'dead' });
  const [agent, collector] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  urls = { agent: `http://${agent}`, collector: `http://${collector}` };
  const dir = serverDir('start');
  const config = join(dir, 'plimsoll.yaml');
  // Nothing but the ports, and seconds instead of tens of seconds.
  const quick = {
    agent: { listen: agent, interval: '1s' },
    collector: { listen: collector, window: '1s', lateness: '1s' },
  };
  writeFileSync(config, stringify(quick));
  start = await startServer({
    name: 'start',
    file: process.execPath,
    // `npm start -- --config … --agent.engines …`
    args: [join(CHECKOUT, 'scripts/start.mjs'), '--config', config, ...ENGINE],
    dir,
    ready: () => Promise.all(Object.values(urls).map((url) => fetchText(`${url}/healthz`))),
    readyTimeoutMs: 120_000,
  });
});

afterAll(async () => {
  await start?.stop();
  await engine.remove();
});

function lineOf(text: string, word: string): string {
  const line = text.split('\n').find((each) => each.startsWith(word));
  if (line === undefined) throw new Error(`no line begins with ${word} in:\n${text}`);
  return line;
}

describe('npm start', () => {
  test('says in plain words which engine, which cgroup version, how many containers', async () => {
    const said = await waitFor(() => /^Sinks:/m.test(start.log()) && start.log(), { what: 'the words of the start' });
    const version = await engine.docker('version', '--format', '{{.Server.Version}}');
    expect(lineOf(said, 'Engine:')).toContain(`Docker ${version} (API `);
    expect(lineOf(said, 'Engine:')).toContain(socket);
    expect(lineOf(said, 'Engine:')).toMatch(/\b2 running\b/);
    expect(lineOf(said, 'Engine:')).toMatch(/\b1 exited\b/);
    expect(lineOf(said, 'Kernel:')).toContain(V2 ? 'cgroup v2' : 'cgroup v1');
    expect(lineOf(said, 'Host:')).toContain(`${cpus().length} CPUs`);
  });

  test('names addresses that can be opened', async () => {
    for (const [word, url] of [
      ['Agent:', urls.agent],
      ['Collector:', urls.collector],
    ] as const) {
      expect(lineOf(start.log(), word)).toContain(`${url}/metrics`);
    }
    const found = await waitFor(
      async () => {
        const page = pageOf((await fetchText(`${urls.collector}/metrics`)).text);
        return page.sum('cluster_containers') === 3 && page;
      },
      { timeoutMs: 20_000, what: 'three containers in the cluster' },
    );
    expect(found.all('container_state')).toEqual([]);
    const containers = pageOf((await fetchText(`${urls.collector}/metrics/containers`)).text);
    expect(containers.labelValues('container_state', 'name')).toEqual(['busy', 'dead', 'idle']);
    expect((await fetchText(`${urls.agent}/readyz`)).text).toBe('ok\n');
    expect((await fetchText(`${urls.collector}/readyz`)).text).toBe('ok\n');
  });
});

test('at a terminal the greeting stands alone, the address to open first: what the log says of the start follows it', async () => {
  const listen = [
    '--agent.listen',
    `127.0.0.1:${await freePort()}`,
    '--collector.listen',
    `127.0.0.1:${await freePort()}`,
  ];
  const program = [process.execPath, join(CHECKOUT, 'dist/src/cli/main.js'), 'run', '--no-table', '--data_dir', 'none'];
  // Which the log warns of while the agent starts.
  const missing = ['--agent.engines', 'unix:///nowhere/docker.sock'];
  const terminal = startTmux({ columns: 200, rows: 40, command: [...program, ...listen, ...missing].join(' ') });
  const warns = (line: string): boolean => /WARN +there is no socket at/.test(line);
  const lines = await terminal.until((all) => all.some(warns), 'the warning');
  terminal.stop();
  expect(lines[0]).toMatch(/^Open: +http/);
  expect(lines.findIndex(warns)).toBeGreaterThan(lines.findIndex((line) => line.startsWith('Kept:')));
});

describe('plimsoll top --once', () => {
  test('prints a line a container, and the host, with what they do', async () => {
    const { code, out, err } = await plimsoll(['top', '--once', '--all', '--url', urls.agent, '--every', '500ms']);
    expect([code, err]).toEqual([0, '']);
    const head = lineOf(out, 'NAME');
    const cell = (name: string, title: string): string => {
      // Columns are as wide as their titles' places: a number ends where its title ends.
      const end = head.indexOf(title) + title.length;
      return lineOf(out, name).slice(0, end).trim().split(/ +/).at(-1) as string;
    };
    expect(lineOf(out, 'busy')).toMatch(/^busy +running/);
    expect(lineOf(out, 'idle')).toMatch(/^idle +running/);
    expect(lineOf(out, 'dead')).toMatch(/^dead +exited/);
    expect(lineOf(out, '(host)')).toBeTruthy();
    // A quota of 0.2; two readings a second apart, of which either may be a period of a tenth off.
    expect(Number(cell('busy', 'CPU %'))).toBeGreaterThan(2);
    expect(Number(cell('busy', 'CPU %'))).toBeLessThan(25);
    expect(cell('idle', 'LIMIT')).toBe('64.0M');
  });

  test('says what it cannot read', async () => {
    const { code, err } = await plimsoll(['top', '--once', '--url', 'http://127.0.0.1:1']);
    expect(code).toBe(1);
    expect(err).toMatch(/^plimsoll: cannot read http:\/\/127\.0\.0\.1:1\/metrics: .*ECONNREFUSED.*\n/);
    // And what somebody could do.
    expect(err).toContain('start an agent here: plimsoll agent');
  });
});

describe('plimsoll check', () => {
  test('explains what is there, and changes nothing', async () => {
    const before = await engine.docker('ps', '-a', '--format', '{{.Names}} {{.State}}');
    const { code, out } = await plimsoll(['check', ...ENGINE]);
    expect(code).toBe(0);
    expect(out).toMatch(/^ok {2}configuration/m);
    expect(out).toMatch(/^ok {2}Engine: +Docker .*2 running/m);
    expect(out).toMatch(/^ok {2}source cgroup: [1-9]\d* samples/m);
    expect(out).toMatch(/^ok {2}source host: [1-9]\d* samples/m);
    expect(out).not.toMatch(/^no /m);
    expect(await engine.docker('ps', '-a', '--format', '{{.Names}} {{.State}}')).toBe(before);
  });

  test('without an engine it says so, and that the host can be read', async () => {
    const { out } = await plimsoll(['check', '--agent.engines', 'unix:///nowhere/docker.sock']);
    expect(out).toMatch(/^(--|no) {2}Engine: .*there is no socket at unix:\/\/\/nowhere\/docker\.sock/m);
    expect(out).toMatch(/^ok {2}source host: [1-9]\d* samples/m);
  });
});

test('METRICS.md is what the program says', async () => {
  const { out } = await plimsoll(['metrics']);
  expect(out).toBe(readFileSync(join(CHECKOUT, 'METRICS.md'), 'utf8'));
});

test('SIGTERM to npm start ends the program with 0, and nothing listens any more', async () => {
  expect(await start.end('SIGTERM')).toBe(0);
  for (const url of Object.values(urls)) await expect(fetchText(`${url}/healthz`)).rejects.toThrow('fetch failed');
});
