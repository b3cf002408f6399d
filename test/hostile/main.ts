/**
 * `npm run test:hostile [-- --minutes 10 --seed 1]`: a collector with a small heap, fifty honest agents, a scraper and a probe, and beside them
 * attackers from several processes. Fails if the collector ends, an honest agent loses a sample, or a scrape or probe goes unanswered.
 */
import { setMaxListeners } from 'node:events';
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { costOf, mb, ms, percentile, printTable, type Row } from '../bench/process.ts';
import { startProgram } from '../bench/programs.ts';
import { ask, type Asked, startAgents } from './honest.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    heap: { type: 'string', default: '512' },
  },
});
const seconds = Number(values.minutes) * 60;
const ATTACKING_PROCESSES = 2;
const AGENTS = 50;
const INTERVAL_MS = 2000;

const collector = await startProgram(
  'collector',
  ['--collector.window', '2s', '--collector.lateness', '30s'],
  [`--max-old-space-size=${values.heap}`],
);
const over = new AbortController();
const { signal } = over;
// Everyone here listens for the end.
setMaxListeners(0, signal);
const agents = startAgents(collector.url, { agents: AGENTS, intervalMs: INTERVAL_MS, signal });
const probes = ask(`${collector.url}/healthz`, { everyMs: 500, signal });
const scrapes = ask(`${collector.url}/metrics`, { everyMs: 5000, headers: { 'accept-encoding': 'gzip' }, signal });

let peak = 0;
const watching = setInterval(() => {
  peak = Math.max(peak, isAlive(collector.pid) ? costOf(collector.pid).rssBytes : 0);
}, 250);

const attackers = Array.from({ length: ATTACKING_PROCESSES }, (_, i) => attack(Number(values.seed) * 1000 + i));
const runs = (await Promise.all(attackers)).flat();
const alive = isAlive(collector.pid);
over.abort();
await agents.close();
const [probed, scraped] = await Promise.all([probes, scrapes]);
const page = alive ? await (await fetch(`${collector.url}/metrics`)).text() : '';
const after = alive ? costOf(collector.pid) : undefined;
clearInterval(watching);
await collector.stop();
report();

/** Runs attackers in a process of their own; answers how often each attack was begun. */
function attack(seed: number): Promise<[string, number][]> {
  const child = fork(new URL('attackers.js', import.meta.url), [collector.url, String(seed), String(seconds), '4'], {
    silent: true,
  });
  let said = '';
  child.stdout?.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  return new Promise((resolve) => child.once('exit', () => resolve(JSON.parse(said || '[]') as [string, number][])));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function own(metric: string): [string, number][] {
  const lines = page.matchAll(new RegExp(`^${metric}(\\{[^}]*\\})? (\\S+)`, 'gm'));
  return [...lines]
    .map(([, labels = '', value]) => [labels, Number(value)] as [string, number])
    .filter(([, value]) => value > 0);
}

function failuresOf({ failures }: Asked): string {
  return [...failures].map(([what, times]) => `${what} ${times}`).join(', ') || '0';
}

function report(): void {
  const account = agents.account();
  const lost = account.offered - account.acknowledged;
  const row = (what: string, value: string, target = ''): Row => ({ what, value, target });
  printTable(
    `Hostile: ${values.minutes} minutes, seed ${values.seed}, heap ${values.heap} MB, ${AGENTS} honest agents`,
    [
      row('collector', alive ? 'lives' : 'DEAD', 'lives'),
      row('samples of honest agents: offered', String(account.offered)),
      row('… not acknowledged', `${lost} ${JSON.stringify(account.dropped)}`, '0'),
      row('… pushes that had to be repeated', String(account.retries)),
      row('/healthz: answers; failures', `${probed.seconds.length}; ${failuresOf(probed)}`, '0 failures'),
      row('/healthz: median / p99 / longest', [0.5, 0.99, 1].map((q) => ms(percentile(probed.seconds, q))).join(' / ')),
      row('scrapes: answers; failures', `${scraped.seconds.length}; ${failuresOf(scraped)}`, '0 failures'),
      row('scrapes: median / longest', [0.5, 1].map((q) => ms(percentile(scraped.seconds, q))).join(' / ')),
      row('event loop delay, p99', ms(own('nodejs_eventloop_lag_p99_seconds')[0]?.[1] ?? Number.NaN), '≤ 200 ms'),
      row('event loop delay, longest', ms(own('nodejs_eventloop_lag_max_seconds')[0]?.[1] ?? Number.NaN)),
      row('RSS at the end / peak', `${mb(after?.rssBytes ?? 0)} / ${mb(Math.max(peak, after?.peakRssBytes ?? 0))}`),
    ],
  );
  console.log('\nAttacks begun:');
  const begun = new Map<string, number>();
  for (const [name, times] of runs) begun.set(name, (begun.get(name) ?? 0) + times);
  for (const [name, times] of begun) console.log(`  ${String(times).padStart(4)} × ${name}`);
  console.log('\nRefused, by reason:');
  for (const metric of [
    'plimsoll_http_refused_total',
    'plimsoll_collector_batches_total',
    'plimsoll_collector_samples_dropped_total',
  ])
    for (const [labels, value] of own(metric)) console.log(`  ${metric}${labels} ${value}`);
  const good = alive && lost === 0 && probed.failures.size === 0 && scraped.failures.size === 0;
  console.log(`\n${good ? 'held' : 'NOT held'}`);
  process.exitCode = good ? 0 : 1;
}
