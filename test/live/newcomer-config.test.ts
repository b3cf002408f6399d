/** Mistakes that someone makes on the first day, and what the program answers: the key, the value, what is legal, and exit code 2. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { plimsoll } from '../support/command.ts';
import { fetchText } from '../support/http.ts';
import { freePort } from '../support/ports.ts';
import { type Program, startProgram } from '../support/program.ts';

const dir = mkdtempSync(join(tmpdir(), 'plimsoll-test-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

function file(text: string): string {
  const path = join(dir, 'plimsoll.yaml');
  writeFileSync(path, text);
  return path;
}

describe('is refused with exit code 2 and a message that helps:', () => {
  const MISTAKES: readonly (readonly [what: string, yaml: string, says: RegExp])[] = [
    ['a misspelt key', 'agent:\n  intervall: 1s\n', /agent\.intervall.*no such key.*did you mean agent\.interval\?/s],
    ['a key in the wrong place', 'interval: 1s\n', /interval.*no such key/s],
    ['a value without its unit', 'agent: { interval: 10 }\n', /agent\.interval.*10.*duration such as "10s"/s],
    ['a value out of range', 'agent: { interval: 1ms }\n', /agent\.interval.*"1ms".*from 100ms to 1h/s],
    [
      'a word that is none of the legal ones',
      'log: { level: loud }\n',
      /log\.level.*"loud".*debug.*info.*warn.*error/s,
    ],
    ['an unknown family', 'agent: { families: [tcpp] }\n', /agent\.families.*tcpp.*tcp/s],
    [
      'an unknown kind of sink',
      'sinks: { a: { kind: influxdb9, url: "http://x" } }\n',
      /sinks\.a\.kind.*"influxdb9".*influxdb1/s,
    ],
    ['a sink without its address', 'sinks: { a: { kind: influxdb1, database: x } }\n', /sinks\.a\.url/],
    ['no YAML at all', 'agent: [\n', /plimsoll\.yaml/],
    [
      'an anchor bomb',
      `a: &a [${'x,'.repeat(9)}]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]\n`,
      /^plimsoll: \S+ is not usable: its anchors and aliases .*\n$/,
    ],
    ['a token that is a list', 'token: [S3CR3T]\n', /^(?!.*S3CR3T).*token: is a list of 1/s],
  ];

  test.each(MISTAKES)('%s', async (_what, yaml, says) => {
    const { code, out, err } = await plimsoll(['run', '--config', file(yaml)]);
    expect(code).toBe(2);
    expect(err).toMatch(says);
    expect(out).toBe('');
  });

  test('a misspelt flag, variable and file', async () => {
    const flag = await plimsoll(['run', '--agent.intervall', '1s']);
    expect(flag).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean --agent.interval?') });
    const variable = await plimsoll(['run'], { PLIMSOLL_AGENT_INTERVALL: '1s' });
    expect(variable).toMatchObject({ code: 2, err: expect.stringContaining('did you mean PLIMSOLL_AGENT_INTERVAL?') });
    const foreign = await plimsoll(['agent', '--collector.window', '1s']);
    expect(foreign).toMatchObject({
      code: 2,
      err: expect.stringContaining('collector.window is a key of plimsoll run and'),
    });
    const device = await plimsoll(['run', '--config', '/dev/zero']);
    expect(device).toMatchObject({ code: 2, err: expect.stringContaining('it is a device; must be a regular file') });
    const missing = await plimsoll(['run', '--config', join(dir, 'none.yaml')]);
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('none.yaml') });
  });
});

describe('an address that others can reach', () => {
  const programs: Program[] = [];
  afterEach(async () => {
    for (const program of programs.splice(0)) await program.stop();
  });

  test.each([
    ['collector', 'collector.listen', []],
    ['agent', 'agent.listen', ['--agent.engines', 'none']],
  ])('is refused without a token, with the line to add: %s', async (command, key, flags) => {
    const { code, err } = await plimsoll([command, `--${key}`, `0.0.0.0:${await freePort()}`, ...flags]);
    expect(code).toBe(2);
    expect(err).toContain(key);
    expect(err).toContain('token_file: /etc/plimsoll/token');
  });

  test('with that line: 401 without the token, 200 with it, /healthz open', async () => {
    const token = 'a-token-of-the-test';
    writeFileSync(join(dir, 'token'), `${token}\n`);
    const port = await freePort();
    const program = await startProgram({
      command: 'agent',
      config: {
        token_file: join(dir, 'token'),
        agent: { listen: `0.0.0.0:${port}`, engines: ['none'], interval: '1s' },
      },
      token,
    });
    programs.push(program);
    const url = `http://127.0.0.1:${port}`;
    const get = (path: string, bearer?: string) =>
      fetch(`${url}${path}`, bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } });
    for (const path of ['/metrics', '/readyz', '/api/v1/push', '/nowhere']) {
      expect((await get(path)).status, path).toBe(401);
      expect((await get(path, 'another')).status, path).toBe(401);
    }
    expect((await get('/metrics')).headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/metrics', token)).status).toBe(200);
    expect((await get('/nowhere', token)).status).toBe(404);
    expect((await fetchText(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text).toMatch(
      /^plimsoll_http_refused_total\{reason="token"\} [1-9]/m,
    );
  });
});

describe('file, environment and flags', () => {
  test('say the same things; a flag wins over the environment, that over the file', async () => {
    const asks = async (args: readonly string[], env: Record<string, string> = {}): Promise<string> => {
      // An impossible value is said with where it came from.
      const { err } = await plimsoll(['run', '--config', file('agent: { interval: file }\n'), ...args], env);
      return err;
    };
    expect(await asks([])).toContain('"file"');
    expect(await asks([], { PLIMSOLL_AGENT_INTERVAL: 'variable' })).toContain('"variable"');
    expect(await asks(['--agent.interval', 'flag'], { PLIMSOLL_AGENT_INTERVAL: 'variable' })).toContain('"flag"');
  });
});
