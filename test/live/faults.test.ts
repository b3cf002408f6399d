/**
 * A few of the schedules that `npm run test:faults` makes, always the same: real processes are killed and stopped, disks are full and read-only, proxies cut and
 * lose, and then InfluxDB, Prometheus, VictoriaMetrics and the collector's own store must hold what the arithmetic says, minus what is counted as dropped.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundledAgent } from '../faults/places.ts';
import { runSchedule } from '../faults/run.ts';
import { scheduleOf, wordsOf } from '../faults/schedule.ts';
import { type Servers, startServers } from '../faults/servers.ts';

/** Between them: the collector killed, refused and out of disk; agents stopped and killed; servers ended and killed; answers lost, cut, late and 500. */
const SEEDS = [3, 35, 44];

let servers: Servers;
let agentFile = '';

beforeAll(async () => {
  [servers, agentFile] = await Promise.all([startServers(), bundledAgent()]);
});
afterAll(() => servers?.stop());

describe.each(SEEDS.map((seed) => [seed, scheduleOf(seed)] as const))('schedule %i', (seed, schedule) => {
  test(schedule.faults.map(wordsOf).join('; '), async () => {
    const { failures, summary, logs } = await runSchedule({
      schedule,
      servers,
      agentFile,
      salt: 'test',
    });
    expect(failures, `seed ${seed}: ${summary}\n${logs}`).toEqual([]);
  });
});
