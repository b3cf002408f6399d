/** Trouble, and whether the ticks stay on time: thousands of cgroups beside the containers, an engine that hangs, a file system that hangs. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { makeSlice } from '../support/handmade.ts';
import { serverDir } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';
import { costOf, ms, pause, type Row, share, spread } from './process.ts';
import { type Program, startProgram } from './programs.ts';
import { scraperOf, valueOn } from './scrape.ts';

export interface TroubleOptions {
  readonly socket: string;
  readonly enginePid: number;
  readonly seconds: number;
}

/** Ticks of a second, so that a quarter of a minute holds enough of them. */
const FAST = ['--agent.interval', '1s'];
const SETTLE_MS = 8000;

export async function manyCgroups(
  options: TroubleOptions & { readonly count: number; readonly intervalSeconds: number },
): Promise<Row[]> {
  const { count, intervalSeconds, socket } = options;
  const slice = await makeSlice(['cpu', 'cpuacct', 'memory', 'pids', 'blkio']);
  try {
    slice.make(...Array.from({ length: count }, (_, i) => `bench-${i}.service`));
    const flags = ['--agent.interval', `${intervalSeconds}s`, '--agent.cgroups', `${slice.path}/*.service`];
    return await withAgent([...flags, '--agent.engines', `unix://${socket}`], async (agent) => {
      // The first tick opens all of them.
      await pause(intervalSeconds * 1000);
      const seen = await watched(agent, 3 * intervalSeconds);
      return [
        { what: `${count} more cgroups: ticks missed of ${seen.ticks}`, value: String(seen.missed), target: '0' },
        { what: '… tick, median / 95th percentile', value: spread(seen.durations), target: '' },
        {
          what: '… put off to the next tick',
          value: String(valueOn(seen.text, 'plimsoll_source_losses_total', 'put_off')),
          target: '',
        },
        { what: '… longest delay of the event loop, of those seen once a second', value: ms(seen.longest), target: '' },
        {
          what: '… CPU and RSS',
          value: `${share(seen.cpuSeconds, seen.seconds)}, ${(costOf(agent.pid).rssBytes / 1e6).toFixed(0)} MB`,
          target: '',
        },
      ];
    });
  } finally {
    await slice.stop();
  }
}

export async function hungEngine({ socket, enginePid, seconds }: TroubleOptions): Promise<Row[]> {
  return withAgent([...FAST, '--agent.engines', `unix://${socket}`], async (agent) => {
    await pause(SETTLE_MS);
    process.kill(enginePid, 'SIGSTOP');
    try {
      return onTime('a hung engine', await watched(agent, seconds));
    } finally {
      process.kill(enginePid, 'SIGCONT');
    }
  });
}

export async function hungFilesystem({ socket, seconds }: TroubleOptions): Promise<Row[]> {
  const what = 'a hung file system';
  if (spawnSync('bindfs', ['--version']).error) {
    return [{ what, value: 'bindfs is missing: apt-get install bindfs', target: '' }];
  }
  const flags = [...FAST, '--agent.filesystem.interval', '2s', '--agent.engines', `unix://${socket}`];
  return withMount(async (daemon) =>
    withAgent(flags, async (agent) => {
      await pause(SETTLE_MS);
      process.kill(daemon, 'SIGSTOP');
      try {
        const seen = await watched(agent, seconds);
        const hung = valueOn(seen.text, 'plimsoll_source_losses_total', 'reason="hung"');
        return [...onTime(what, seen), { what: '… questions it left unanswered', value: String(hung), target: '> 0' }];
      } finally {
        process.kill(daemon, 'SIGCONT');
      }
    }),
  );
}

interface Seen {
  readonly seconds: number;
  readonly ticks: number;
  readonly missed: number;
  readonly durations: readonly number[];
  /** Seconds. */
  readonly longest: number;
  readonly cpuSeconds: number;
  /** The last page. */
  readonly text: string;
}

/** Looks at the agent once a second. */
async function watched(agent: Program, seconds: number): Promise<Seen> {
  const scraper = scraperOf(agent.url);
  try {
    const first = (await scraper.scrape()).text;
    const [before, startedMs] = [costOf(agent.pid).cpuSeconds, performance.now()];
    const durations = new Set<number>();
    let [text, longest] = [first, 0];
    while (performance.now() - startedMs < seconds * 1000) {
      await pause(1000);
      text = (await scraper.scrape()).text;
      durations.add(valueOn(text, 'plimsoll_agent_tick_duration_seconds'));
      longest = Math.max(longest, valueOn(text, 'nodejs_eventloop_lag_max_seconds'));
    }
    const grown = (metric: string): number => valueOn(text, metric) - valueOn(first, metric);
    return {
      seconds: (performance.now() - startedMs) / 1000,
      ticks: grown('plimsoll_agent_ticks_total'),
      missed: grown('plimsoll_agent_ticks_missed_total'),
      durations: [...durations],
      longest,
      cpuSeconds: costOf(agent.pid).cpuSeconds - before,
      text,
    };
  } finally {
    await scraper.close();
  }
}

function onTime(what: string, { ticks, missed, durations, seconds }: Seen): Row[] {
  return [
    { what: `${what} for ${seconds.toFixed(0)} s: ticks missed of ${ticks}`, value: String(missed), target: '0' },
    { what: '… tick, median / 95th percentile', value: spread(durations), target: '' },
  ];
}

async function withAgent(flags: readonly string[], use: (agent: Program) => Promise<Row[]>): Promise<Row[]> {
  const agent = await startProgram('agent', flags);
  try {
    return await use(agent);
  } finally {
    await agent.stop();
  }
}

/** A file system of bindfs; its daemon is handed out. What it shows is below /dev, or the agent would not take it for a disk. */
async function withMount(use: (daemon: number) => Promise<Row[]>): Promise<Row[]> {
  const dir = serverDir('bindfs');
  const from = mkdtempSync('/dev/shm/plimsoll-bench-');
  const daemon = spawn('bindfs', ['-f', from, dir], { stdio: 'ignore' });
  try {
    await waitFor(() => spawnSync('mountpoint', ['-q', dir]).status === 0, { what: 'bindfs to mount' });
    return await use(daemon.pid as number);
  } finally {
    spawnSync('umount', ['-l', dir]);
    daemon.kill('SIGKILL');
    for (const folder of [dir, from]) rmSync(folder, { recursive: true, force: true });
  }
}
