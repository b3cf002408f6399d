/** Secrets planted wherever somebody may put them, rightly or wrongly: what the program says of the mistake does not hold them. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { check } from '../../../src/cli/check.ts';
import { requestOf } from '../../../src/cli/request.ts';
import { topCommand } from '../../../src/cli/top/command.ts';
import { ConfigError } from '../../../src/errors.ts';

/** In every planted secret; the last is one of digits. */
const MARKS = /S3CR3T|UzNDUjNU|5318008/;
const SECRET = 'S3CR3Ttoken-abc';

const dir = mkdtempSync(join(tmpdir(), 'plimsoll-secrets-'));
afterAll(() => rmSync(dir, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

function file(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  chmodSync(path, 0o600);
  return path;
}

/** All that comes out of a command: of a configuration that is refused, or of what then follows. */
async function said(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  let text = '';
  const keep = (chunk: unknown): boolean => {
    text += String(chunk);
    return true;
  };
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  const out = new Writable({ write: (chunk, _, done) => done(void keep(chunk)) });
  try {
    const request = requestOf(['node', 'plimsoll', ...args], env);
    if (request.do === 'check') keep(`exit code ${await check({ ...request, out })}`);
    if (request.do === 'top') await topCommand(request.config, request.options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    text += error.message;
  }
  return text;
}

const NO_ENGINE = ['--agent.engines', 'none', '--agent.listen', '127.0.0.1:0', '--collector.listen', '127.0.0.1:0'];

const SINK = 'kind: influxdb2, bucket: b';
const FILES: readonly (readonly [what: string, yaml: string, says: RegExp])[] = [
  ['a token that is a number', 'token: 5318008', /token: is a number that is not shown .*must be text/],
  ['a token that is a list', `token: [${SECRET}]`, /token: is a list of 1 .*must be text/],
  ['a token that is a map', `token: {${SECRET}: 1}`, /token: holds keys and values .*must be text/],
  ['a token in several words', `token: "${SECRET} ${SECRET}"`, /token: must be one or more visible ASCII/],
  ['a token and its file', `token: ${SECRET}\ntoken_file: /x`, /token and token_file are both set/],
  ['a token in place of its file', `token_file: ${SECRET}`, /token_file: is a name that is not shown .*: ENOENT/],
  ['a long token in place of its file', `token_file: ${SECRET.repeat(50)}`, /token_file: is a name that is not shown/],
  [
    'a key in place of its file',
    `tls: {cert: /x, key: "-----BEGIN PRIVATE KEY-----\\n${SECRET}"}`,
    /tls\.cert: is "\/x"/,
  ],
  [
    'a key in place of its file, alone',
    `tls: {cert: ${dir}/ok, key: "-----BEGIN KEY-----\\n${SECRET}"}`,
    /tls\.key: is a name that is/,
  ],
  [
    'a header of a sink that is a number',
    'sinks: {x: {kind: remote_write, url: "http://h", headers: {X-Key: 5318008}}}',
    /sinks\.x\.headers\.X-Key: is a number that is not shown .*must be text/,
  ],
  [
    'a header of a sink in several lines',
    `sinks: {x: {kind: remote_write, url: "http://h", headers: {X-Key: "${SECRET}\\n"}}}`,
    /sinks\.x\.headers\.X-Key: is text that is not shown .*must be visible ASCII/,
  ],
  ['a misspelt key', `tokn: ${SECRET}`, /tokn: no such key .*did you mean token\?/],
  ['a key without its space', `agent: {push: {token:${SECRET}}}`, /agent\.push\.token…: no such key/],
  ['a key with an equals sign', `agent: {push: {token=${SECRET}: }}`, /agent\.push\.token…: no such key/],
  ['a token where keys belong', `agent: {push: ${SECRET}}`, /agent\.push: is text .*must hold keys and values/],
  ['a list where keys belong', `agent: {push: [${SECRET}]}`, /agent\.push: is a list of 1 .*must hold keys and values/],
  ['a file that is a token', SECRET, /it holds a single value/],
  ['a list of tokens', `- ${SECRET}`, /it holds a list/],
  ['a token without its space', `token:${SECRET}`, /it holds a single value; a space belongs after the colon/],
  ['an open quote', `token: "${SECRET}\nagent: {}`, /is not YAML at line 2/],
  ['a bad escape', `token: "${SECRET}\\q"`, /is not YAML at line 1.*a backslash/],
  ['an alias', `token: *${SECRET}`, /cannot be resolved/],
  ['a tag', `token: !${SECRET} [x`, /is not YAML/],
  ['an at sign', `token: @${SECRET}`, /is not YAML at line 1, column 8/],
  ['a colon too many', `token: a: ${SECRET}`, /is not YAML at line 1/],
  ['a key that goes on', `agent:\n  token:${SECRET}\n  interval: 1s`, /is not YAML at line 2/],
  ['a key of a map', `? {token: ${SECRET}}\n: 1`, /no such key/],
  ['sinks as a list', `sinks: [{${SINK}, url: "http://h", token: ${SECRET}}]`, /sinks: is a list of 1/],
  ['a sink that is text', `sinks: {a: ${SECRET}}`, /sinks\.a: is text/],
  [
    'a sink’s token that is a list',
    `sinks: {a: {${SINK}, url: "http://h", token: [${SECRET}]}}`,
    /sinks\.a\.token: is a list/,
  ],
  [
    'a sink’s token that is a number',
    `sinks: {a: {${SINK}, url: "http://h", token: 5318008}}`,
    /sinks\.a\.token: is a number/,
  ],
  [
    'an address without a scheme',
    `sinks: {a: {${SINK}, url: "u:${SECRET}@h:8086"}}`,
    /sinks\.a\.url: is "…@h:8086".*must be an address/,
  ],
  ['an address of another scheme', `sinks: {a: {${SINK}, url: "ftp://u:${SECRET}@h"}}`, /url: is "ftp:\/\/…@h"/],
  [
    'a password with a hash',
    `sinks: {a: {${SINK}, url: "http://u:S3CR3T#x@h"}}`,
    /url: is "http:\/\/…@h".*# is written %23/,
  ],
  [
    'a password with a lone %',
    `sinks: {a: {${SINK}, url: "http://u:S3CR3T%zz@h"}}`,
    /url: is "http:\/\/…@h".*% itself is written %25/,
  ],
  [
    'a token in the query',
    `sinks: {a: {${SINK}, url: "http://h/w?u=x&p=${SECRET}"}}`,
    /url: is "http:\/\/h\/w\?….*without \? and #/,
  ],
  [
    'a token and a password in the address',
    `sinks: {a: {${SINK}, url: "http://u:${SECRET}@h", token: ${SECRET}}}`,
    /sinks\.a: url holds a user and password/,
  ],
  ['a push address without a scheme', `agent: {push: {url: "${SECRET}@h"}}`, /agent\.push\.url: is "…@h"/],
  [
    'a push address and a token',
    `agent: {push: {url: "http://u:${SECRET}@h", token: ${SECRET}}}`,
    /agent\.push: url holds a user/,
  ],
  [
    'an engine with a path',
    `agent: {engines: ["tcp://u:${SECRET}@h/v1"]}`,
    /agent\.engines: "tcp:\/\/…@h\/v1" has a path/,
  ],
  ['an engine by ssh with a password', `agent: {engines: ["ssh://u:${SECRET}@h"]}`, /"ssh:\/\/…@h" holds a password/],
  [
    'an engine that is no address',
    `agent: {engines: ["tcp://u:${SECRET}@h:99999"]}`,
    /"tcp:\/\/…@h:99999" is not an address/,
  ],
];

test.each(FILES)('%s in the file', async (_what, yaml, says) => {
  file('ok', 'no certificate');
  const flags = yaml.includes('engines:') ? NO_ENGINE.slice(2) : NO_ENGINE;
  const text = await said(['check', '--config', file('plimsoll.yaml', yaml), ...flags]);
  expect(text).not.toMatch(MARKS);
  expect(text).toMatch(says);
});

const ARGUMENTS: readonly (readonly [
  what: string,
  args: readonly string[],
  env: Record<string, string>,
  says: RegExp,
])[] = [
  ['a misspelt flag', ['run', `--tokn=${SECRET}`], {}, /unknown option '--tokn=…'/],
  ['a misspelt flag and its value', ['run', '--tokn', SECRET], {}, /unknown option '--tokn'/],
  ['in place of a command', [SECRET], {}, /unknown command '…'/],
  ['in place of a program', ['check', SECRET], {}, /value '…' is invalid for argument 'program'/],
  ['a flag of a sink', ['run', '--sinks.a.tokn', SECRET], {}, /unknown option '--sinks\.a\.tokn'/],
  ['a flag beside a wrong one', ['run', '--token', SECRET, '--agent.interval', 'x'], {}, /agent\.interval: is "x"/],
  ['a misspelt variable', ['run'], { PLIMSOLL_TOKN: SECRET }, /environment PLIMSOLL_TOKN: no such key/],
  ['a sink’s misspelt variable', ['run'], { PLIMSOLL_SINKS_A_TOKE: SECRET }, /PLIMSOLL_SINKS_A_TOKE: no such key/],
  ['a sink without its kind', ['run'], { PLIMSOLL_SINKS_A_TOKEN: SECRET }, /sinks\.a\.kind: is missing/],
  ['another program’s flag', ['agent', '--sinks.a.token', SECRET], {}, /sinks\.a\.token is a key of plimsoll run/],
  [
    'top’s address',
    ['top', '--once', '--url', `http://u:${SECRET}@127.0.0.1:1/`],
    {},
    /cannot read http:\/\/127\.0\.0\.1:1\/metrics: .*ECONNREFUSED/,
  ],
  ['top’s address, wrong', ['top', '--url', `http://u:S3CR3T@h/?q=${SECRET}`], {}, /--url: is "http:\/\/…@h\/\?…"/],
  ['help', ['run', '--help'], { PLIMSOLL_TOKEN: SECRET }, /--token <text>/],
];

test.each(ARGUMENTS)('%s on the command line or in the environment', async (_what, args, env, says) => {
  const text = await said(args, env);
  expect(text).not.toMatch(MARKS);
  expect(text).toMatch(says);
});

test('DOCKER_HOST', async () => {
  vi.stubEnv('DOCKER_HOST', `tcp://u:${SECRET}@h/path`);
  const text = await said(['check', 'agent', ...NO_ENGINE.slice(2, 4)]);
  vi.unstubAllEnvs();
  expect(text).not.toMatch(MARKS);
  expect(text).toMatch(/DOCKER_HOST: "tcp:\/\/…@h\/path" has a path/);
});
