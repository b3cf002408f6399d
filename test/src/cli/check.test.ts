/** `plimsoll check` says no to what a start would refuse, asks each sink and the collector, and goes on after what is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { startCollector } from '../../../collector/main.ts';
import { check } from '../../../src/cli/check.ts';
import type { Start } from '../../../src/cli/request.ts';
import { sourceLines } from '../../../src/cli/sourcelines.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { startGuard } from '../../../src/http/guard.ts';
import { silent } from '../../../src/log.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { lifecycle } from '../../../src/run/lifecycle.ts';
import { startFakeInflux } from '../../support/fakeinflux.ts';

const dir = mkdtempSync(join(tmpdir(), 'plimsoll-check-'));
afterAll(() => rmSync(dir, { recursive: true }));

function configOf(flags: Record<string, string>) {
  const quiet = { 'agent.engines': 'none', 'agent.filesystem.enabled': 'false' };
  const free = { 'agent.listen': '127.0.0.1:0', 'collector.listen': '127.0.0.1:0', data_dir: 'none' };
  return loadConfig({ env: {}, flags: new Map(Object.entries({ ...quiet, ...free, ...flags })) });
}

async function said(flags: Record<string, string>, start?: Start): Promise<{ code: number; text: string }> {
  let text = '';
  const out = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  return { code: await check({ config: configOf(flags), start, out }), text };
}

test('all is well: exit code 0, and no "no"', async () => {
  const { code, text } = await said({});
  expect(code).toBe(0);
  expect(text).toMatch(/^ok {2}agent\.listen 127\.0\.0\.1:0$/m);
  expect(text).toMatch(/^ok {2}source host: [1-9]\d* samples in /m);
  expect(text).toMatch(/^ok {2}Sinks: +none configured/m);
  expect(text).not.toMatch(/^no /m);
});

describe('what a start refuses, check refuses with 2, and looks at the rest:', () => {
  const sink = { 'sinks.main.kind': 'influxdb2', 'sinks.main.url': 'http://127.0.0.1:1', 'sinks.main.bucket': 'b' };
  test.each([
    [
      'a missing token file',
      { token_file: '/nowhere/token' },
      /^no {2}token_file: is "\/nowhere\/token": ENOENT: no such file$/m,
    ],
    [
      'a sink’s missing token file',
      { ...sink, 'sinks.main.token_file': '/nowhere/x' },
      /^no {2}sinks\.main\.token_file: is /m,
    ],
    [
      'push’s missing token file',
      { 'agent.push.url': 'http://h', 'agent.push.token_file': '/nowhere/x' },
      /^no {2}agent\.push\.token_file: is /m,
    ],
    [
      'a level’s reserved name',
      { 'collector.levels.container.by.a': 'name' },
      /^no {2}levels: name "container" is taken/m,
    ],
    ['a level that is none', { 'collector.levels.team': 'null' }, /^no {2}collector\.levels\.team: is null/m],
    [
      'a sink’s level that is none',
      { ...sink, 'sinks.main.levels': 'servce' },
      /^no {2}sinks\.main\.levels: "servce" is no level; must be of container, service, /m,
    ],
    [
      'an address without a guard',
      { 'collector.listen': '0.0.0.0:0' },
      /^no {2}collector\.listen: 0\.0\.0\.0:0 can be reached/m,
    ],
    [
      'an engine that is a word',
      { 'agent.engines': 'docker' },
      /^no {2}agent\.engines: "docker" is a word, not an address; legal are auto, none, unix:/m,
    ],
    ['an unknown family', { 'agent.families': 'tcpp' }, /^no {2}agent\.families.*tcpp/m],
  ])('%s', async (_what, flags, words) => {
    const { code, text } = await said(flags);
    expect(text).toMatch(words);
    expect(code).toBe(2);
    expect(text).toMatch(/^ok {2}configuration/m);
    expect(text).toMatch(/^(ok|no) {2}(Sinks|sink|sinks|levels|collector)/m);
  });

  test('a port that is taken by a stranger', async () => {
    const server = createServer((socket) => socket.end('220 mail\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { code, text } = await said({ 'agent.listen': `127.0.0.1:${port}` });
    expect(code).toBe(2);
    expect(text).toContain(
      `no  agent.listen: cannot listen on 127.0.0.1:${port}: another program has it (EADDRINUSE); `,
    );
    expect(text).toContain(`choose another with --agent.listen 127.0.0.1:${port + 1}`);
  });
});

describe('asks each sink, and writes nothing:', () => {
  const one = { 'sinks.main.kind': 'influxdb1', 'sinks.main.database': 'd' };
  const two = { 'sinks.main.kind': 'influxdb2', 'sinks.main.bucket': 'b', 'sinks.main.org': 'o' };
  const cases: [string, Record<string, string>, number, unknown, RegExp, number][] = [
    // What InfluxDB 1.6 and VictoriaMetrics answer to an empty write, and what InfluxDB 2 does (its source: errors.EInvalid).
    [
      'InfluxDB 1 takes it',
      one,
      204,
      undefined,
      /^ok {2}sink main: http:\S+ takes what is written to database "d"$/m,
      0,
    ],
    [
      'InfluxDB 2 takes it',
      two,
      400,
      { code: 'invalid', message: 'writing requires points' },
      /^ok {2}sink main: .* takes what is written to bucket "b" \(of an empty write it says: writing requires points\)$/m,
      0,
    ],
    [
      'the database is missing',
      one,
      404,
      { error: 'database not found: "d"' },
      /^no {2}sink main: .* has no database "d"; create it with: /m,
      1,
    ],
    [
      'the bucket is missing',
      two,
      404,
      { code: 'not found', message: 'bucket "b" not found' },
      /^no {2}sink main: .* no such organisation or bucket: "b"/m,
      1,
    ],
    [
      'the token is wrong',
      two,
      401,
      { code: 'unauthorized', message: 'unauthorized access' },
      /^no {2}sink main: .* refuses the token for bucket "b" \(unauthorized access\)/m,
      1,
    ],
    ['the server is ill', one, 503, 'later', /^no {2}sink main: .* answers 503: later/m, 1],
  ];
  test.each(cases)('%s', async (...[, flags, status, body, words, code]) => {
    const server = await startFakeInflux(() => ({ status, body }));
    onTestFinished(() => server.close());
    const answer = await said({ ...flags, 'sinks.main.url': server.url }, 'collector');
    expect(answer.text).toMatch(words);
    expect(answer.code).toBe(code);
    expect(server.requests.map(({ lines }) => lines)).toEqual([['']]);
  });

  test('one that is not there, and one that never answers', async () => {
    const server = await startFakeInflux(() => ({ status: 'hang' }));
    onTestFinished(() => server.close());
    const { code, text } = await said({
      ...one,
      'sinks.main.url': 'http://127.0.0.1:1',
      'sinks.slow.kind': 'influxdb2',
      'sinks.slow.bucket': 'b',
      'sinks.slow.url': server.url,
      'sinks.slow.timeout': '100ms',
    });
    expect(text).toMatch(/^no {2}sink main: http:\/\/127\.0\.0\.1:1: ECONNREFUSED.*; nothing listens there/m);
    expect(text).toMatch(/^no {2}sink slow: http:\S+ did not answer within 100 ms/m);
    expect(code).toBe(1);
  });
});

describe('asks the collector that an agent sends to:', () => {
  async function collector(flags: Record<string, string> = {}): Promise<string> {
    const config = configOf(flags);
    const life = lifecycle({ clock: systemClock, log: silent, deadlineMs: 1000 });
    onTestFinished(() => life.stop());
    const guard = startGuard({ config, clock: systemClock, log: silent });
    life.onStop('guard', async () => guard.stop());
    return (await startCollector({ config, guard, version: '0', clock: systemClock, log: silent, life })).url;
  }

  test('it takes batches; with or without the path', async () => {
    const url = await collector({ token: 'abc' });
    for (const given of [url, `${url}/`, `${url}/api/v1/push`]) {
      const { code, text } = await said({ 'agent.push.url': given, 'agent.push.token': 'abc' }, 'agent');
      expect(text).toContain(`ok  agent.push: the collector at ${given.replace(/\/$/, '')} answers and takes batches`);
      expect(code).toBe(0);
    }
  });

  test('it refuses the token; the address is an agent’s; nobody is there', async () => {
    const url = await collector({ token: 'abc' });
    expect((await said({ 'agent.push.url': url, 'agent.push.token': 'abd' }, 'agent')).text).toMatch(
      /^no {2}agent\.push: \S+ refuses the token: set agent\.push\.token_file/m,
    );
    expect((await said({ 'agent.push.url': url }, 'agent')).text).toContain('refuses a request without a token');
    const other = await startFakeInflux(() => ({ status: 404, body: { error: 'no such route' } }));
    onTestFinished(() => other.close());
    expect((await said({ 'agent.push.url': other.url }, 'agent')).text).toContain(
      'has no push route: is it a collector',
    );
    const nobody = await said({ 'agent.push.url': 'http://127.0.0.1:1' }, 'agent');
    expect(nobody.text).toMatch(/^no {2}agent\.push: .*ECONNREFUSED.*nothing listens there/m);
    expect(nobody.code).toBe(1);
  });

  test('a second start beside one that runs is said, and is no failure of the check', async () => {
    const address = (await collector()).replace('http://', '');
    const { code, text } = await said({ 'collector.listen': address }, 'collector');
    expect(text).toContain(
      `--  a Plimsoll runs already at collector.listen ${address}: a second start would be refused\n`,
    );
    expect(code).toBe(0);
  });
});

test('a level whose label nobody reads is said', async () => {
  const { code, text } = await said({ 'collector.levels.team.by.team': 'container_label_com_example_team' });
  expect(text).toMatch(/^-- {2}the level team will have no groups: .*add .* to agent\.labels/m);
  expect(code).toBe(0);
});

test('no samples: what that means is said', () => {
  const health = {
    source: 'filesystem',
    up: true,
    seconds: 0.001,
    samples: 0,
    failures: 0,
    lastError: '',
    losses: new Map(),
  };
  const lines = sourceLines(health, configOf({ 'agent.filesystem.interval': '90s' }).agent);
  expect(lines).toEqual([
    [
      'ok',
      'source filesystem: nothing yet: it walks the containers’ layers apart from the tick, every 90 s, and what it finds is there after the first walk',
    ],
  ]);
});

test('no samples for a reason that is known: the reason is said, not that nothing runs', () => {
  const losses = new Map([['pid_namespace', 3]]);
  const health = { source: 'process', up: true, seconds: 0.001, samples: 0, failures: 0, lastError: '', losses };
  expect(sourceLines(health, configOf({}).agent)).toEqual([
    ['ok', 'source process: nothing; the reason follows'],
    ['--', expect.stringMatching(/^source process: .*give its container `pid: host`\.$/)],
  ]);
});

test('a secret that others may read is said', async () => {
  const file = join(dir, 'token');
  writeFileSync(file, 'abc', { mode: 0o644 });
  expect((await said({ token_file: file })).text).toMatch(
    /^-- {2}token_file: everybody on this machine may read ".*": chmod 600 it/m,
  );
});
