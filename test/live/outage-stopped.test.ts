/**
 * The collector is away for a while, stopped or killed, and goes on: what agents kept meanwhile goes into its own windows. Of one that was stopped
 * nothing is too late; one that was killed gets some batches again whose windows it had on disk in part.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { collectorPage, type Page, pageOf } from '../support/page.ts';
import { type Program, startProgram } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';

const AWAY_S = 15;

let collector: Program;
let agent: Program;

beforeEach(async () => {
  collector = await startProgram({
    command: 'collector',
    config: { collector: { window: '1s', lateness: '1s' }, sinks: { out: { kind: 'stdout', levels: ['container'] } } },
  });
  agent = await startProgram({
    command: 'agent',
    config: {
      node: 'patient',
      agent: {
        interval: '1s',
        engines: ['none'],
        filesystem: { enabled: false },
        push: { url: collector.collectorUrl, timeout: '2s' },
      },
    },
  });
});

afterEach(async () => {
  await agent?.stop();
  await collector?.stop();
});

/** The seconds of which something was read and went out, ascending. */
function seconds(): number[] {
  const times = [...collector.log().matchAll(/^\{"time":"([^"]+)"/gm)].map(([, time]) => Date.parse(time as string));
  return [...new Set(times.map((ms) => Math.floor(ms / 1000)))].sort((a, b) => a - b);
}

const until = (what: string, test: (page: Page) => boolean) =>
  waitFor(async () => test(await collectorPage(collector)), { timeoutMs: 60_000, everyMs: 200, what });

const WAYS = {
  stopped: [() => process.kill(collector.pid, 'SIGSTOP'), () => process.kill(collector.pid, 'SIGCONT')],
  killed: [() => collector.end('SIGKILL'), () => collector.start()],
} as const;

test.each(['stopped', 'killed'] as const)('%s: every window of that time is there, and in its place', async (way) => {
  const [goAway, comeBack] = WAYS[way];
  await waitFor(() => seconds().length >= 3, { timeoutMs: 30_000, what: 'three windows' });
  await goAway();
  const from = Math.max(...seconds());
  // The time that passes is what is tested.
  await new Promise((resolve) => setTimeout(resolve, AWAY_S * 1000));
  await comeBack();
  await until('the present', (page) => page.value('plimsoll_collector_catching_up') === 0);
  const lastS = from + AWAY_S;
  await waitFor(() => Math.max(...seconds()) > lastS + 3, { timeoutMs: 60_000, what: 'windows after it' });

  expect(collector.log()).toMatch(/missed windows are closed as agents send what they kept/);
  expect(collector.log()).toMatch(/caught up/);
  const page = await collectorPage(collector);
  const late = page.sum('plimsoll_collector_samples_dropped_total', { reason: 'too_late' }) ?? 0;
  if (way === 'stopped') expect(late).toBe(0);
  // The agent ticks every second, except for those that a busy machine had it miss.
  const missed = pageOf(await agent.metrics('agent')).value('plimsoll_agent_ticks_missed_total');
  const there = seconds().filter((second) => second > from && second <= lastS);
  expect(there.length).toBeGreaterThanOrEqual(AWAY_S - missed);
});
