/**
 * `npm run test:faults [-- --runs 20 --seed 1 --minutes 4]`: random schedules of faults, each from its own seed, against real processes and
 * real servers. Prints each schedule with its seed and what came of it; `--seeds 7,12` plays some again. `--keep FOLDER` writes the logs of those that failed.
 * `--long`: in each schedule one process more stands still, for a full minute.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bundledAgent } from './places.ts';
import type { Result } from './judge.ts';
import { runSchedule } from './run.ts';
import { scheduleOf, wordsOf } from './schedule.ts';
import { startServers } from './servers.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    minutes: { type: 'string', default: '600' },
    stop: { type: 'string', default: '4' },
    length: { type: 'string', default: '6' },
    keep: { type: 'string' },
    long: { type: 'boolean', default: false },
  },
});
/** Failures of one schedule that are printed; with `--keep` all are written. */
const MOST_SHOWN = 8;

const first = Number(values.seed);
const untilMs = performance.now() + Number(values.minutes) * 60_000;
const bounds = { lengthMs: Number(values.length) * 1000, longestStopMs: Number(values.stop) * 1000, long: values.long };
const servers = await startServers();
const agentFile = await bundledAgent();
const failed: number[] = [];
let played = 0;
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    interrupted = true;
  });

const seeds = values.seeds?.split(',').map(Number) ?? Array.from({ length: Number(values.runs) }, (_, i) => first + i);
for (const seed of seeds) {
  if (interrupted || performance.now() > untilMs) break;
  const schedule = scheduleOf(seed, bounds);
  const { nodes, containers, windowMs, faults } = schedule;
  console.log(`seed ${seed}: ${nodes} nodes × ${containers} containers, windows of ${windowMs} ms`);
  for (const fault of faults) console.log(`    ${wordsOf(fault)}`);
  const startedMs = performance.now();
  const salt = Date.now().toString(36);
  const result = await runSchedule({ schedule, servers, agentFile, salt }).catch(unstarted);
  played++;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`  ${result.failures.length === 0 ? 'held' : 'NOT held'} after ${seconds} s: ${result.summary}`);
  for (const failure of result.failures.slice(0, MOST_SHOWN)) console.log(`  ! ${failure}`);
  if (result.failures.length > MOST_SHOWN) console.log(`  ! and ${result.failures.length - MOST_SHOWN} more`);
  if (result.failures.length === 0) continue;
  failed.push(seed);
  if (values.keep !== undefined)
    writeFileSync(`${values.keep}/seed-${seed}.log`, `${result.failures.join('\n')}\n${result.logs}`);
}
await servers.stop();
console.log(`${played} schedules: ${played - failed.length} held, ${failed.length} not held ${failed.join(' ')}`);
process.exitCode = failed.length === 0 && played > 0 ? 0 : 1;

/** What could not be started has not held either. */
function unstarted(error: unknown): Result {
  return { failures: [error instanceof Error ? error.message : String(error)], summary: 'nothing', logs: '' };
}
