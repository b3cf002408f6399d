/** What is in deploy/ must fit the program: the configuration it shows is legal, and so is every variable and flag it sets. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { configLeaves } from '../src/config/leaves.ts';
import { loadConfig } from '../src/config/load.ts';

const DEPLOY = fileURLToPath(new URL('../deploy/', import.meta.url));
const text = (name: string): string => readFileSync(join(DEPLOY, name), 'utf8');

/** What Node is started with: the first line of the program, for whoever starts it by its name. */
const NODE_FLAGS = /^#!\/usr\/bin\/env -S node (.+)\n/.exec(text('../src/cli/main.ts'))?.[1]?.split(' ') ?? [];

test('everything that starts the program starts Node with the same flags', () => {
  expect(NODE_FLAGS.length).toBeGreaterThan(0);
  expect(text('plimsoll.service')).toContain(
    `/usr/bin/node ${NODE_FLAGS.join(' ')} /opt/plimsoll/dist/src/cli/main.js`,
  );
  expect(text('Dockerfile')).toContain(`"node", ${NODE_FLAGS.map((flag) => `"${flag}", `).join('')}"/opt/`);
  expect(text('../scripts/start.mjs')).toContain(`[${NODE_FLAGS.map((flag) => `'${flag}'`).join(', ')}]`);
  expect(text('../test/bench/programs.ts')).toContain(`'${NODE_FLAGS.join(' ')}'`);
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
    expect(config.collector.levels.team).toEqual({ by: { team: 'com.example.team' } });
    expect(config.agent.exclude.names).toEqual(['*-sidecar']);
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
