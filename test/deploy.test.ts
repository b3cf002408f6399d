/** What is in deploy/ must fit the program: the configuration it shows is legal, and so is every variable and flag it sets. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { configuredLevels } from '../collector/levels.ts';
import { unreadLevels } from '../src/cli/unread.ts';
import { configLeaves } from '../src/config/leaves.ts';
import { loadConfig } from '../src/config/load.ts';

const DEPLOY = fileURLToPath(new URL('../deploy/', import.meta.url));
const text = (name: string): string => readFileSync(join(DEPLOY, name), 'utf8');

test('the image has the program by its name', () => {
  expect(text('Dockerfile')).toContain('ENTRYPOINT ["plimsoll"]');
  expect(text('Dockerfile')).toContain('RUN ln -s /opt/plimsoll/dist/src/cli/main.js /usr/local/bin/plimsoll');
});

test('what the image is built of reaches the builder, and nothing else does', () => {
  const [everything, ...kept] = text('../.dockerignore').trim().split('\n');
  expect(everything).toBe('*');
  const copied = [...text('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) =>
    sources!.split(' '),
  );
  expect(copied.length).toBeGreaterThan(0);
  expect(copied.filter((source) => !existsSync(join(DEPLOY, '..', source)))).toEqual([]);
  expect(kept.sort()).toEqual(copied.map((source) => `!${source}`).sort());
});

test('the image has the Node that README names, and the executable the same', () => {
  const [, major] = /\*\*Take Node\.js (\d+)\*\*/.exec(text('../README.md')) ?? [];
  const bases = [...text('Dockerfile').matchAll(/^FROM node:(\d+)-/gm)].map(([, version]) => version);
  expect(bases).toEqual([major, major]);
  expect(text('../scripts/package.mjs')).toContain(`const MAJOR = ${major};`);
});

test('the example configuration is usable as it is', () => {
  const config = loadConfig({ file: join(DEPLOY, 'plimsoll.yaml'), env: {}, flags: new Map() });
  expect(config.agent.listen).toMatchObject({ host: '127.0.0.1', port: 9641 });
});

test('the example configuration is usable with every commented line in force', () => {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-deploy-'));
  try {
    // A comment that holds YAML is `# key:` or `# - item`, further indented or not; prose has neither.
    const active = text('plimsoll.yaml')
      .replaceAll(/^(\s*)# (?=\s*(?:- |[a-z_]+:))/gm, '$1')
      .replace('sinks: {}', 'sinks:');
    writeFileSync(join(dir, 'plimsoll.yaml'), active);
    const config = loadConfig({ file: join(dir, 'plimsoll.yaml'), env: {}, flags: new Map() });
    expect(config.sinks.influx).toMatchObject({ kind: 'influxdb2', bucket: 'containers' });
    expect(config.collector.levels.team).toEqual({ by: { team: 'container_label_com_example_team' } });
    expect(config.agent.exclude.names).toEqual(['*-sidecar']);
    // What the start looks at beyond the schema, and what it would warn of.
    expect(configuredLevels(config).map(({ name }) => name)).toContain('team');
    expect(unreadLevels(config)).toEqual([]);
    // Nothing that looks like an example is left out.
    expect(active).not.toMatch(/^\s*#\s*[a-z_]+: *[^ ]/m);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('the configuration in README.md is usable as it is', () => {
  const [, example = ''] = /```yaml\n(node: web-1[\s\S]*?)```/.exec(text('../README.md')) ?? [];
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-readme-'));
  try {
    writeFileSync(join(dir, 'plimsoll.yaml'), example);
    const config = loadConfig({ file: join(dir, 'plimsoll.yaml'), env: {}, flags: new Map() });
    expect(configuredLevels(config).map(({ name }) => name)).toEqual([
      'service',
      'workload',
      'namespace',
      'node',
      'cluster',
      'team',
    ]);
    expect(Object.keys(config.sinks)).toEqual(['influx', 'old', 'push']);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('every variable and every flag that deploy/ uses exists', () => {
  const leaves = configLeaves();
  const variables = new Set([...leaves.map((leaf) => leaf.env), 'PLIMSOLL_CONFIG']);
  const flags = new Set([...leaves.map((leaf) => `--${leaf.path}`), '--config', '--no-table']);
  const files = readdirSync(DEPLOY, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== 'token',
  );
  for (const { name } of files) {
    for (const [variable] of text(name).matchAll(/PLIMSOLL_[A-Z0-9_]+/g)) expect(variables, name).toContain(variable);
    for (const line of text(name)
      .split('\n')
      .filter((each) => /plimsoll (agent|collector|run)|command:|main\.js/.test(each))) {
      // What stands before main.js is for Node.
      for (const [flag] of line.replace(/.*main\.js/, '').matchAll(/--[a-z][a-z_.-]+/g))
        expect(flags, `${name}: ${line}`).toContain(flag);
    }
  }
});
