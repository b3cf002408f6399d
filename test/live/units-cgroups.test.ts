/**
 * Cgroups that are no containers, named in the configuration: services of a slice, made by hand as systemd would. Their numbers are the
 * kernel's, they are in nobody's sum, they come and go, and five thousand of them leave the ticks on time.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startAgentStage } from '../support/agentstage.ts';
import { engineAt } from '../support/engine.ts';
import { makeSlice, type Slice } from '../support/handmade.ts';
import { cpuCounters, memoryGauges } from '../support/kernel.ts';
import { collectorPage, type Page, pageOf } from '../support/page.ts';
import { type Program, startProgram } from '../support/program.ts';
import type { Server } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';

const docker = engineAt(inject('dockerSocket'));
const MIB = 1024 * 1024;
/** Of this run alone: the kernel's files are looked for by these names. */
const BUSY = `busy-${process.pid}.service`;
const HELD = `held\\x2d${process.pid}.service`;

describe('services of a slice', () => {
  let slice: Slice;
  let held: Server;
  let program: Program;

  beforeAll(async () => {
    slice = await makeSlice();
    await slice.run(BUSY, {
      script: 'while :; do :; done',
      limits: { 'cpu/cpu.cfs_quota_us': '20000', 'memory/memory.limit_in_bytes': String(64 * MIB) },
    });
    held = await slice.run(HELD, {
      script: `trap 'kill $!; exit' TERM; held=$(head -c ${8 * MIB} /dev/zero | tr '\\0' x); sleep 100000 & wait`,
      limits: { 'memory/memory.limit_in_bytes': String(96 * MIB) },
    });
    slice.make('other.scope');
    await docker.run({
      name: 'contained',
      flags: ['--memory', '32m'],
      script: 'trap "exit 0" TERM; sleep 100000 & wait',
    });
    program = await startProgram({
      command: 'run',
      config: {
        node: 'units-1',
        agent: {
          interval: '1s',
          engines: [`unix://${docker.socket}`],
          // The second fits containers, whose names there are their ids.
          cgroups: [`${slice.path}/*.service`, `${slice.path}/${'?'.repeat(64)}`],
        },
        collector: { window: '1s', lateness: '1s' },
      },
    });
    await program.ready();
  });

  afterAll(async () => {
    await program?.stop();
    await docker.remove();
    await slice?.stop();
  });

  const pageOn = async (side: 'agent' | 'collector'): Promise<Page> =>
    side === 'collector' ? collectorPage(program) : pageOf(await program.metrics(side));

  /** A page all of which was read after now: the tick that runs now is not believed. */
  async function fresh(): Promise<Page> {
    const ticks = (page: Page): number => page.value('plimsoll_agent_ticks_total');
    const before = ticks(await pageOn('agent'));
    const later = async (): Promise<Page | false> => {
      const page = await pageOn('agent');
      return ticks(page) >= before + 2 && page;
    };
    return waitFor(later, { timeoutMs: 20_000, what: 'two ticks' });
  }

  test('CPU time lies between two readings of the kernel’s files', async () => {
    const shown = cpuCounters(BUSY);
    const low = shown.map(({ kernel }) => kernel());
    const page = await fresh();
    const high = shown.map(({ kernel }) => kernel());
    for (const [i, { metric }] of shown.entries()) {
      const value = page.value(metric, { name: BUSY });
      expect(value, metric).toBeGreaterThanOrEqual(low[i] as number);
      expect(value, metric).toBeLessThanOrEqual(high[i] as number);
    }
    expect(page.value('container_spec_cpu_limit_cores', { name: BUSY })).toBe(0.2);
    expect(page.value('container_cpu_cfs_throttled_periods_total', { name: BUSY })).toBeGreaterThan(0);
  });

  test('memory is what the files say', async () => {
    // Looked for by a pattern, in which a backslash must be written twice.
    const shown = memoryGauges(HELD.replaceAll('\\', '\\\\'));
    const still = async (): Promise<readonly [Page, readonly number[]] | false> => {
      const before = shown.map(({ kernel }) => kernel());
      const page = await fresh();
      const after = shown.map(({ kernel }) => kernel());
      return before.every((value, i) => value === after[i]) && [page, after];
    };
    const [page, kernel] = await waitFor(still, { timeoutMs: 40_000, what: 'memory that stands still' });
    expect(shown.map(({ metric }) => page.value(metric, { name: HELD }))).toEqual(kernel);
    expect(page.value('container_memory_rss', { name: HELD })).toBeGreaterThanOrEqual(8 * MIB);
    expect(page.value('container_spec_memory_limit_bytes', { name: HELD })).toBe(96 * MIB);
  });

  test('its name is the unit’s, its id the path; what no pattern fits is not there', async () => {
    const page = await pageOn('agent');
    const ids = page.labelValues('container_memory_usage_bytes', 'id').filter((id) => id.startsWith(slice.path));
    expect(ids).toEqual([`${slice.path}/${BUSY}`, `${slice.path}/${HELD}`]);
    expect(page.value('container_memory_usage_bytes', { id: `${slice.path}/${HELD}`, name: HELD })).toBeGreaterThan(0);
    // Of the host, which has no name, and of containers; not of units.
    expect(page.labelValues('container_last_seen', 'name')).toEqual(['', 'contained']);
  });

  test('sums are over containers alone', async () => {
    const page = await pageOn('collector');
    expect(page.value('container_spec_memory_limit_bytes', { name: BUSY })).toBe(64 * MIB);
    for (const [level, prefix] of [
      ['node', 'node_containers'],
      ['cluster', 'cluster'],
    ]) {
      expect(page.value(`${level}_containers`)).toBe(1);
      expect(page.value(`${prefix}_spec_memory_limit_bytes`)).toBe(32 * MIB);
    }
    expect(page.all('service_memory_usage_bytes')).toEqual([]);
  });

  test('a container that keeps itself out is no unit either, though a pattern fits it', async () => {
    const { id } = await docker.run({
      name: 'hidden',
      flags: ['--label', 'plimsoll.ignore=true', '--cgroup-parent', slice.path],
      script: 'trap "exit 0" TERM; sleep 100000 & wait',
    });
    // Of nobody's container, and found by the same search.
    const unknown = 'e'.repeat(64);
    slice.make(unknown);
    const shown = (page: Page, name: string) => page.all('container_memory_usage_bytes', { name }).length;
    const found = async (): Promise<Page | false> => {
      const page = await pageOn('agent');
      return shown(page, unknown) === 1 && page;
    };
    const page = await waitFor(found, { timeoutMs: 20_000, what: 'the pattern to fit' });
    expect([shown(page, id), shown(page, 'hidden')]).toEqual([0, 0]);
    await slice.unmake(unknown);
  });

  test('one that is removed is gone, one that is made is found, one that is made again begins anew', async () => {
    await held.end();
    await slice.unmake(HELD);
    const page = await fresh();
    expect(page.all('container_memory_usage_bytes', { name: HELD })).toEqual([]);
    expect(page.all('container_memory_usage_bytes', { name: BUSY }).length).toBe(1);
    slice.make('later.service', HELD);
    const both = async (): Promise<Page | false> => {
      const now = await pageOn('agent');
      const used = (name: string) => now.all('container_cpu_usage_seconds_total', { name })[0]?.value;
      return used('later.service') === 0 && used(HELD) === 0 && now;
    };
    await waitFor(both, { timeoutMs: 20_000, what: 'the new ones' });
    expect(page.value('plimsoll_source_up', { source: 'cgroup' })).toBe(1);
  });
});

test('five thousand: every tick on time, each of them read or counted as put off', async () => {
  const COUNT = 5000;
  const slice = await makeSlice(['cpu', 'cpuacct', 'memory', 'pids', 'blkio']);
  try {
    slice.make(...Array.from({ length: COUNT }, (_, i) => `unit-${i}.service`));
    const stage = await startAgentStage({ engines: ['none'], cgroups: [`${slice.path}/*`] });
    try {
      const ticks = (page: Page): number => page.value('plimsoll_agent_ticks_total');
      const putOff = (page: Page): number =>
        page.value('plimsoll_source_losses_total', { source: 'cgroup', reason: 'put_off' });
      const units = (page: Page): string[] =>
        page.labelValues('container_memory_usage_bytes', 'name').filter((name) => name !== '');
      const after = (count: number) => stage.until('agent', (page) => ticks(page) > count && page, `tick ${count + 1}`);
      const read = new Set<string>();
      let before = await stage.page();
      let accounted = 0;
      // The first readings open the files and take several ticks; on a machine with time to spare one tick then has time for all.
      while (read.size < COUNT || accounted < 4) {
        const page = await after(ticks(before));
        for (const name of units(page)) read.add(name);
        // What was put off shows its last reading for a tick, so that it is in both. A tick that was slept through here, or is just ending,
        // leaves a sum that is none.
        const [shown, late] = [units(page).length, putOff(page) - putOff(before)];
        if (shown + late >= COUNT && shown <= COUNT) accounted++;
        before = page;
        expect(ticks(page)).toBeLessThan(100);
      }
      expect(before.value('plimsoll_agent_ticks_missed_total')).toBe(0);
      console.log(
        `${units(before).length} cgroups in ${before.value('plimsoll_agent_tick_duration_seconds').toFixed(2)} s a tick, ` +
          `${before.value('plimsoll_source_samples', { source: 'cgroup' })} samples, ${putOff(before)} put off in all`,
      );
    } finally {
      await stage.stop();
    }
  } finally {
    await slice.stop();
  }
});
