/** What an agent is made of while it runs: an engine that appears after the start. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { configuredEndpoints, furtherEndpoints } from '../../agents/endpoints.ts';
import { type Parts, startParts } from '../../agents/parts.ts';
import { loadConfig } from '../../src/config/load.ts';
import { silent } from '../../src/log.ts';
import { labelValue } from '../../src/model/labels.ts';
import { type Clock, systemClock } from '../../src/run/clock.ts';
import { fakeEngine } from '../support/fakeengine.ts';
import { waitFor } from '../support/wait.ts';
import { put } from './docker/watched.ts';

const settings = loadConfig({ env: {}, flags: new Map() }).agent;
const MINUTE_MS = 60_000;
let folder: string;
let parts: Parts | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-run-'));
  vi.stubEnv('XDG_RUNTIME_DIR', folder);
  vi.stubEnv('DOCKER_HOST', '');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await parts?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('further engines are those whose socket is known by no path', () => {
  const known = configuredEndpoints(settings);
  expect(furtherEndpoints(settings, known)).toEqual([]);
  writeFileSync(join(folder, 'docker.sock'), '');
  const further = [{ socketPath: join(folder, 'docker.sock') }];
  expect(furtherEndpoints(settings, known)).toEqual(further);
  // As the package podman-docker makes it, the other way round.
  mkdirSync(join(folder, 'podman'));
  symlinkSync('../docker.sock', join(folder, 'podman', 'podman.sock'));
  expect(furtherEndpoints(settings, [...known, { socketPath: join(folder, 'podman', 'podman.sock') }])).toEqual([]);
  // Gone again: what was found stays, and Docker's usual place is not waited at instead.
  rmSync(join(folder, 'docker.sock'));
  expect(furtherEndpoints(settings, [...known, ...further])).toEqual([]);
});

test('only `auto` looks for further engines, and not beside DOCKER_HOST', () => {
  writeFileSync(join(folder, 'docker.sock'), '');
  expect(furtherEndpoints({ ...settings, engines: ['unix:///x.sock'] }, [])).toEqual([]);
  expect(furtherEndpoints(settings, [], { ...process.env, DOCKER_HOST: 'unix:///x.sock' })).toEqual([]);
});

test('an engine that appears after the start is watched and read like the others', async () => {
  let look = (): void => {};
  const clock: Clock = {
    ...systemClock,
    after(ms, fn) {
      if (ms !== MINUTE_MS) return systemClock.after(ms, fn);
      look = fn;
      return () => {};
    },
  };
  parts = await startParts({ settings, node: 'n', session: 's', clock, log: silent });
  const before = parts.engines.all.length;
  const last = () => parts?.scraper.health.at(-2)?.source;
  const engine = fakeEngine();
  put(engine, 'late');
  await engine.start();
  symlinkSync(engine.socket, join(folder, 'docker.sock'));
  look();
  await waitFor(() => last() === `docker${before + 1}`);
  expect(parts.engines.all).toHaveLength(before + 1);
  const { tables } = await parts.scraper.scrape(systemClock.now(), new AbortController().signal);
  const states = tables.filter(({ shape }) => shape.name === 'state').flatMap(({ rows }) => rows);
  expect(states.map(({ labels }) => labelValue(labels, 'name'))).toContain('late');
  // Looked at again, it is no further one; when it goes it is not forgotten.
  await engine.stop();
  look();
  await waitFor(() => parts?.engines.found().at(-1)?.status.connected === false);
  expect(parts.engines.all).toHaveLength(before + 1);
  await engine.close();
});
