/**
 * Every series of every container beside the kernel's files: read by the test itself, then the agent's page, read after that, then the
 * files again. A counter must lie between the two readings, always. A gauge that stood still must be equal; one that moved must lie
 * between; one that moved there and back is looked at again in the next round. The page must carry times.
 */
import { isNear, seriesName } from '../scenarios/hosts/check/text.mjs';
import type { Engine } from './engine.ts';
import { kernelSeries } from './livehost.ts';
import { parsePromText } from './promtext.ts';
import { waitFor } from './wait.ts';

/** Whether a metric of the container with that name is to be compared. */
export type IsCompared = (metric: string, container: string) => boolean;

export interface SideBySideOptions {
  readonly engine: Engine;
  /** The agent's page now, with times. */
  readonly page: () => Promise<string>;
  /** Holds for what the kernel has and for what the agent shows. */
  readonly isCompared: IsCompared;
  /** How often what was not right yet is looked at again. */
  readonly maxRounds?: number;
}

export interface Compared {
  readonly series: number;
  readonly metrics: ReadonlySet<string>;
  readonly containers: ReadonlySet<string>;
  readonly rounds: number;
}

interface Shown {
  readonly metric: string;
  readonly container: string;
  readonly counter: boolean;
  readonly value: number;
}

const MAX_ROUNDS = 20;

/** Compares until every series has been found right; fails for a counter beyond the kernel's, and for what stays different. */
export async function compareWithKernel(options: SideBySideOptions): Promise<Compared> {
  const settled = new Map<string, Shown>();
  let open: string[] = [];
  let rounds = 0;
  do {
    open = await compareOnce(options, settled);
    rounds++;
  } while (open.length > 0 && rounds < (options.maxRounds ?? MAX_ROUNDS));
  if (open.length > 0)
    throw new Error(`not as the kernel has it after ${rounds} rounds:\n${open.slice(0, 20).join('\n')}`);
  const all = [...settled.values()];
  return {
    series: settled.size,
    metrics: new Set(all.map(({ metric }) => metric)),
    containers: new Set(all.map(({ container }) => container)),
    rounds,
  };
}

/** One round: adds to what is settled and answers what is not. */
async function compareOnce(options: SideBySideOptions, settled: Map<string, Shown>): Promise<string[]> {
  const before = await kernelNow(options);
  const shown = await shownAfter(Date.now(), options);
  const after = await kernelNow(options);
  const open: string[] = [];
  for (const name of new Set([...before.keys(), ...shown.keys(), ...after.keys()])) {
    const [low, one, high] = [before.get(name), shown.get(name), after.get(name)];
    const what = `${name}: kernel ${low}, shown ${one?.value}, kernel ${high}`;
    const known = one !== undefined && low !== undefined && high !== undefined;
    if (known && isBetween(low, one.value, high)) settled.set(name, one);
    else if (known && one.counter && high >= low) throw new Error(`a counter beyond the kernel’s: ${what}`);
    else if (!settled.has(name)) open.push(what);
  }
  return open;
}

async function kernelNow({ engine, isCompared }: SideBySideOptions): Promise<Map<string, number>> {
  const all = [...(await kernelSeries(engine))].filter(([, { metric, labels }]) =>
    isCompared(metric, labels.name ?? ''),
  );
  return new Map(all.map(([name, { value }]) => [name, value]));
}

/** The containers' series on the page, once all of them were read after a time. */
function shownAfter(sinceMs: number, { page, isCompared }: SideBySideOptions): Promise<Map<string, Shown>> {
  const read = async (): Promise<Map<string, Shown> | false> => {
    const shown = new Map<string, Shown>();
    for (const { type, samples } of parsePromText(await page(), 'text').values()) {
      for (const { name: metric, labels, value, time } of samples) {
        const container = labels.get('name');
        if (container === undefined) continue;
        if (Number(time) <= sinceMs) return false;
        if (!isCompared(metric, container)) continue;
        // cAdvisor's name of a counter that must be typed as a gauge.
        const counter = type === 'counter' || metric.endsWith('failcnt');
        shown.set(seriesName(metric, Object.fromEntries(labels)), { metric, container, counter, value });
      }
    }
    return shown.size > 0 && shown;
  };
  return waitFor(read, { timeoutMs: 60_000, everyMs: 50, what: 'a page that was read after the kernel’s files' });
}

function isBetween(low: number, value: number, high: number): boolean {
  const [least, most] = [Math.min(low, high), Math.max(low, high)];
  return (value >= least && value <= most) || isNear(value, least) || isNear(value, most);
}
