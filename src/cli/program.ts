/**
 * `plimsoll run`, `agent` and `collector`: starts the parts in the order of the flow, says what it found, and stops them in the reverse
 * order on SIGINT or SIGTERM. The one place where the agent's and the collector's side meet.
 */
import type { Agent } from '../../agents/main.ts';
import type { Collector } from '../../collector/main.ts';
import { dataFolder } from '../config/datadir.ts';
import { looseFiles } from '../config/loose.ts';
import type { Config } from '../config/schema.ts';
import { hiderOf } from '../config/secrets.ts';
import { startGuard } from '../http/guard.ts';
import type { Log } from '../log.ts';
import { createLog } from '../logging.ts';
import { systemClock } from '../run/clock.ts';
import { type Lifecycle, lifecycle } from '../run/lifecycle.ts';
import { VERSION } from '../version.ts';
import { endBy, endDespiteHangs } from './ending.ts';
import { greeting } from './greeting.ts';
import { leftSpool } from './leftspool.ts';
import { type LogKeeper, logKeeper } from './logkeeper.ts';
import type { Role } from './request.ts';

export interface ProgramOptions {
  readonly config: Config;
  readonly roles: readonly Role[];
  /** Whether to show the live table; undefined: if a person sits at a terminal. */
  readonly table: boolean | undefined;
}

/** How long one part may take to stop. */
const STOP_MS = 10_000;
/** How long a start may say nothing. */
const WONDER_MS = 5000;

/** Runs until a signal comes; rejects with a ConfigError if it cannot start. */
export async function runProgram({ config, roles, table }: ProgramOptions): Promise<void> {
  const hide = hiderOf(config, [process.env.DOCKER_HOST]);
  const keeper = logKeeper(process.stderr);
  const log = createLog({ ...config.log, stream: keeper.stream, hide });
  const clock = systemClock;
  const life = lifecycle({ clock, log, deadlineMs: STOP_MS });
  const stopped = onSignal(life, log);
  // At a terminal the greeting stands alone: what the log says of the start follows it, or is said once somebody may wonder.
  keeper.hold();
  const greeted = clock.after(WONDER_MS, () => keeper.release());
  try {
    const guard = startGuard({ config, clock, log });
    life.onStop('guard', async () => guard.stop());
    for (const words of startNotes(config, roles)) log.warn({}, words);
    const common = { config, guard, version: VERSION, clock, log, life };
    // Each side is loaded only where it runs: the other one's libraries would cost tens of megabytes.
    const collector = roles.includes('collector')
      ? await (await import('../../collector/main.ts')).startCollector(common)
      : undefined;
    const deliver = collector ? { deliver: collector.accept, page: collector.url } : {};
    const agent = roles.includes('agent')
      ? await (await import('../../agents/main.ts')).startAgent({ ...common, ...deliver })
      : undefined;
    const words = greeting({ agent, collector, config });
    // With JSON lines on standard output, words would be in their way.
    const out = Object.values(config.sinks).some((sink) => sink.kind === 'stdout') ? process.stderr : process.stdout;
    out.write(`${words.join('\n')}\n`);
    greeted();
    if (agent && (table ?? (process.stdout.isTTY && out === process.stdout)))
      await showTable({ agent, collector, config, life, keeper, hide });
    else keeper.release();
  } catch (error) {
    keeper.release();
    await life.stop();
    throw error;
  }
  await stopped;
}

/** What does not stop the start, and does not do what somebody wanted. */
function startNotes(config: Config, roles: readonly Role[]): string[] {
  const both = roles.length > 1;
  const left = both ? leftSpool(dataFolder(config.data_dir, 'agent')) : undefined;
  return [
    ...looseFiles(config, { readable: false }),
    ...(left === undefined ? [] : [left]),
    ...(both && config.agent.push.url !== undefined
      ? [
          'agent.push.url is not used: plimsoll run has its collector in the same process (plimsoll agent sends to another)',
        ]
      : []),
  ];
}

interface Shown {
  readonly agent: Agent;
  readonly collector: Collector | undefined;
  readonly config: Config;
  readonly life: Lifecycle;
  readonly keeper: LogKeeper;
  /** Blots out secrets: what a sink says of its trouble may hold one. */
  readonly hide: (text: string) => string;
}

async function showTable({ agent, collector, config, life, keeper, hide }: Shown): Promise<void> {
  const { showOwn } = await import('./top/own.ts');
  const { ownPast } = await import('./top/past/asking.ts');
  const stop = new AbortController();
  if (process.stdout.isTTY) process.stdout.write('CPU and network take two readings: the table follows in a second.\n');
  const shown = showOwn({
    latest: () => agent.latest(),
    everyMs: Math.min(1000, config.agent.interval),
    past: collector?.dataDir === undefined ? undefined : ownPast(config),
    words: () => greeting({ agent, collector, config }).map(hide),
    keeper,
    signal: stop.signal,
  });
  life.onStop('table', async () => {
    stop.abort(new Error('stopped'));
    await shown;
  });
}

/** Resolves when everything has stopped after a signal; a second signal ends the process at once. */
function onSignal(life: Lifecycle, log: Log): Promise<void> {
  return new Promise((resolve, reject) => {
    let signals = 0;
    const stop = (signal: NodeJS.Signals) => {
      if (++signals > 1) endBy(signal);
      log.info({ signal }, 'stopping');
      life.stop().then(() => {
        endDespiteHangs(signal, (words) => log.warn({ signal }, words));
        resolve();
      }, reject);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
