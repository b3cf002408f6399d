/**
 * A collector looked at all the while, phase by phase: its memory, how many windows wait for each sink, and whether each sink's books add up. What waits is read from
 * `/readyz`, which costs it nothing; the whole page is asked for once in a while.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { fetchText } from '../support/http.ts';
import { type Page, pageOf } from '../support/page.ts';
import { costOf, median } from './process.ts';
import type { Program } from './programs.ts';

export type Phase = 'warm' | 'before' | 'down' | 'draining' | 'after';

export interface Seen {
  readonly middleRssBytes: number;
  readonly peakRssBytes: number;
  /** Of the sink that stays: windows that were closed while one still waited for it. */
  readonly late: number;
  readonly unbalanced: number;
}

export interface Watch {
  begin(phase: Phase): void;
  seen(phase: Phase | 'all'): Seen;
  /** Windows that wait for a sink, the one under way among them; one as long as it is not behind. */
  waiting(sink: string): number;
  page(): Promise<Page>;
  stop(): Promise<void>;
}

const LOOK_MS = 100;
/** A look in so many is at the page. */
const PAGE_EVERY = 50;

interface Look {
  readonly phase: Phase;
  readonly rssBytes: number;
  readonly waiting: number;
  readonly unbalanced: number;
}

/** The last of the sinks is the one that stays. */
export function watchSinks({ pid, url }: Program, sinks: readonly string[]): Watch {
  const looks: Look[] = [];
  const waiting = new Map<string, number>();
  const stays = sinks.at(-1) as string;
  let phase: Phase = 'warm';
  let isOver = false;

  async function page(): Promise<Page> {
    return pageOf((await fetchText(`${url}/metrics`, { signal: AbortSignal.timeout(60_000) })).text);
  }

  async function look(withPage: boolean): Promise<void> {
    const during = phase;
    const said = await fetchText(`${url}/readyz`, { signal: AbortSignal.timeout(60_000) }).catch(() => undefined);
    // Before the first window it is not ready.
    if (said === undefined) return;
    for (const sink of sinks) {
      const behind = new RegExp(`sink ${sink}: (\\d+) windows`).exec(said.text)?.[1];
      waiting.set(sink, Number(behind ?? 1));
    }
    const unbalanced = withPage ? unbalancedOn(await page(), sinks) : 0;
    looks.push({ phase: during, rssBytes: costOf(pid).rssBytes, waiting: waiting.get(stays) ?? 1, unbalanced });
  }

  const looking = (async () => {
    for (let i = 0; !isOver; i++) {
      await look(i % PAGE_EVERY === 0);
      await delay(LOOK_MS);
    }
  })();

  return {
    begin(next) {
      phase = next;
    },
    seen(wanted) {
      const those = looks.filter((one) => wanted === 'all' || one.phase === wanted);
      const memory = those.map(({ rssBytes }) => rssBytes);
      return {
        middleRssBytes: median(memory),
        peakRssBytes: Math.max(...memory),
        late: Math.max(...those.map((one) => one.waiting)) - 1,
        unbalanced: those.reduce((sum, one) => sum + one.unbalanced, 0),
      };
    },
    // Before the first look nothing is known of it.
    waiting: (sink) => waiting.get(sink) ?? Number.POSITIVE_INFINITY,
    page,
    async stop() {
      isOver = true;
      await looking;
    },
  };
}

/** Sinks of which received is not delivered, dropped and waiting together. */
function unbalancedOn(page: Page, sinks: readonly string[]): number {
  return sinks.filter((sink) => {
    const of = (what: string): number => page.sum(`plimsoll_sink_${what}`, { sink }) ?? 0;
    return (
      of('samples_received_total') !== of('samples_delivered_total') + of('samples_dropped_total') + of('queue_samples')
    );
  }).length;
}
