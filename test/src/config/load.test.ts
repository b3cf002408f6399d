/** Configuration: file, environment and flags say the same things; what is wrong is named with its value and what is legal. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configLeaves } from '../../../src/config/leaves.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { parseAddress, parseDuration, parseSize } from '../../../src/config/units.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(yaml = '', env: Record<string, string> = {}, flags: Record<string, string> = {}) {
  const file = join(folder, 'plimsoll.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, env, flags: new Map(Object.entries(flags)) });
}

test('without anything the defaults hold: loopback, 10 s', () => {
  const config = load();
  expect(config.agent.listen).toEqual({ host: '127.0.0.1', port: 9641 });
  expect(config.collector.listen).toEqual({ host: '127.0.0.1', port: 9640 });
  expect(config.agent.interval).toBe(10_000);
  expect(config.sinks).toEqual({});
});

test('flags win over the environment, the environment over the file', () => {
  const yaml = 'agent: {interval: 1s, deadline: 2s, env: [A]}';
  const config = load(
    yaml,
    { PLIMSOLL_AGENT_INTERVAL: '3s', PLIMSOLL_AGENT_DEADLINE: '4s' },
    { 'agent.interval': '5s' },
  );
  expect([config.agent.interval, config.agent.deadline, config.agent.env]).toEqual([5000, 4000, ['A']]);
});

test('every leaf can be set by its variable: text, number, list, switch', () => {
  const env = {
    PLIMSOLL_NODE: 'n1',
    PLIMSOLL_COLLECTOR_MAX_SERIES: '123',
    PLIMSOLL_AGENT_FAMILIES: 'tcp, -pressure',
    PLIMSOLL_AGENT_TIMESTAMPS: 'true',
    PLIMSOLL_AGENT_FILESYSTEM_VOLUMES: 'true',
  };
  const config = load('', env);
  expect(config.node).toBe('n1');
  expect(config.collector.max_series).toBe(123);
  expect(config.agent.families).toEqual(['tcp', '-pressure']);
  expect([config.agent.timestamps, config.agent.filesystem.volumes]).toEqual([true, true]);
});

test('names of variables and flags do not meet', () => {
  const leaves = configLeaves();
  expect(new Set(leaves.map((leaf) => leaf.env)).size).toBe(leaves.length);
  for (const leaf of leaves) expect(leaf.description, leaf.path).not.toBe('');
});

describe('what is wrong is said', () => {
  const cases: [string, string, Record<string, string>, Record<string, string>, RegExp][] = [
    [
      'an unknown key',
      'agent: {intervall: 3s}',
      {},
      {},
      /agent\.intervall: no such key.*did you mean agent\.interval\?/,
    ],
    ['an unknown section', 'agents: {}', {}, {}, /agents: no such key.*did you mean agent|legal here: .*agent/],
    ['a key named __proto__', '{__proto__: {a: 1}}', {}, {}, /__proto__: no such key/],
    ['a key named constructor', 'collector: {constructor: 1}', {}, {}, /collector\.constructor: no such key/],
    [
      'a bad duration',
      'agent: {interval: soon}',
      {},
      {},
      /agent\.interval: is "soon".*such as "10s".*from 100ms to 1h/,
    ],
    ['a number for a duration', 'agent: {interval: 10}', {}, {}, /agent\.interval: is 10 .*must be a duration/],
    ['a duration out of bounds', 'agent: {interval: 2h}', {}, {}, /agent\.interval: is "2h".*from 100ms to 1h/],
    ['a bad address', 'agent: {listen: "host:99999"}', {}, {}, /agent\.listen: is "host:99999".*port from 0 to 65535/],
    [
      'a bad number in the environment',
      '',
      { PLIMSOLL_COLLECTOR_MAX_SERIES: 'many' },
      {},
      /max_series: is "many" \(environment PLIMSOLL_COLLECTOR_MAX_SERIES\).*whole number/,
    ],
    [
      'a bad flag',
      '',
      {},
      { 'agent.timestamps': 'perhaps' },
      /agent\.timestamps: is "perhaps" \(flag --agent\.timestamps\): must be true or false/,
    ],
    [
      'an unknown variable',
      '',
      { PLIMSOLL_AGENT_INTERVALL: '1s' },
      {},
      /PLIMSOLL_AGENT_INTERVALL: no such key; did you mean PLIMSOLL_AGENT_INTERVAL\?/,
    ],
    [
      'an unknown sink kind',
      'sinks: {x: {kind: influx}}',
      {},
      {},
      /sinks\.x\.kind: is "influx" \(in .*\): must be one of influxdb2, influxdb1, influxdb3, remote_write, stdout$/,
    ],
    [
      'a header that the sink itself sets',
      'sinks: {x: {kind: remote_write, url: "http://h", headers: {Content-Length: "1"}}}',
      {},
      {},
      /sinks\.x\.headers\.Content-Length: .*as a name, it is one that the sink itself sets$/,
    ],
    [
      'a version of remote-write without its quotes',
      'sinks: {x: {kind: remote_write, url: "http://h", protocol: 2.0}}',
      {},
      {},
      /sinks\.x\.protocol: is 2 \(in .*\): must be "1\.0" or "2\.0"$/,
    ],
    [
      'a retention shorter than a server has it',
      'sinks: {x: {kind: influxdb1, url: "http://h", database: d, create: true, retention: 30m}}',
      {},
      {},
      /sinks\.x\.retention: is "30m" \(in .*\): must be a duration .* from 1h to 36500d$/,
    ],
    [
      'a missing key of a sink',
      'sinks: {x: {kind: influxdb2, url: "http://h"}}',
      {},
      {},
      /sinks\.x\.bucket: is missing/,
    ],
    ['a sink without its kind', 'sinks: {x: {}}', {}, {}, /sinks\.x\.kind: is missing .*: must be one of influxdb2, /],
    ['a sink that is none', 'sinks: {x: 3}', {}, {}, /sinks\.x: is 3 .*: must hold keys and values$/],
    ['a sink’s name', 'sinks: {X: {kind: stdout}}', {}, {}, /sinks\.X: .*: as a name, it must be lower-case letters/],
    [
      'an address and an empty text',
      'sinks: {x: {kind: influxdb2, url: h, bucket: ""}}',
      {},
      {},
      /sinks\.x\.url: is "h" .*: must be an address such as "http:.*"\n.*bucket: is "" .*: must not be empty$/,
    ],
    ['a word for a list', 'agent: {engines: unix}', {}, {}, /engines: is "unix" .*: must be a list, such as \[a, b\]$/],
    [
      'none of several words',
      'log: {level: loud}',
      {},
      {},
      /level: is "loud" .*: must be one of debug, info, warn, error$/,
    ],
    ['a number for a text', 'node: 3', {}, {}, /node: is 3 .*: must be text$/],
    ['no YAML', 'a: [1', {}, {}, /is not YAML.*line 1/s],
    ['a list for a file', '- 1', {}, {}, /must hold keys and values/],
  ];
  test.each(cases)('%s', (...[, yaml, env, flags, message]) => {
    expect(() => load(yaml, env, flags)).toThrow(message);
  });

  test('all at once', () => {
    expect(() => load('agent: {interval: x, deadline: y}')).toThrow(/agent\.interval[\s\S]*agent\.deadline/);
  });

  test('a file that is not there', () => {
    const missing = { file: join(folder, 'no.yaml'), env: {}, flags: new Map<string, string>() };
    expect(() => loadConfig(missing)).toThrow(/cannot read the configuration file .*no\.yaml: ENOENT/);
  });
});

describe('units', () => {
  test.each([
    ['500ms', 500],
    ['1m30s', 90_000],
    ['1.5s', 1500],
    ['2d', 172_800_000],
    ['10', undefined],
    ['-1s', undefined],
    ['1s ', undefined],
  ])('duration %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each([
    ['4096', 4096],
    ['64MB', 64_000_000],
    ['16 MiB', 16_777_216],
    ['1TB', undefined],
    ['', undefined],
  ])('size %s', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  test.each([
    ['127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
    ['[::1]:9640', { host: '::1', port: 9640 }],
    [':9640', { host: '0.0.0.0', port: 9640 }],
    ['9640', undefined],
    ['a:b', undefined],
    ['::1:9640', undefined],
  ])('address %s', (text, address) => expect(parseAddress(text)).toEqual(address));
});
