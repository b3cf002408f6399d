/**
 * A server as the one whom scripts ask. It cannot be emptied, so that each section lies in two weeks of its own, years back, aligned to whole weeks; questions that ask
 * what time it is, or pin a time by number, are not comparable there and are refused.
 */
import type { Asked } from './asking.ts';
import type { Case, Load } from './script.ts';
import { samplesOf } from './script.ts';
import { askServer } from './server.ts';
import { remoteWrite } from './writing.ts';

const WEEK_MS = 604_800_000;
/** A Thursday, as 1970-01-01 was. */
const FIRST_MS = 2600 * WEEK_MS;

const NAMES_A_TIME =
  /\b(?:time|timestamp|hour|minute|month|year|days_in_month|day_of_(?:month|week|year)|predict_linear)\s*\(|@\s*[-+\d]/;

export function atServer(url: string): Asked {
  let section = -1;
  const baseMs = (): number => FIRST_MS + section * 2 * WEEK_MS;
  return {
    get baseMs() {
      return baseMs();
    },
    clear: async () => {
      section++;
    },
    load: async ({ series, stepMs }: Load) => {
      const written = series.map((line) => ({
        labels: line.labels,
        samples: samplesOf(line, stepMs).flatMap(({ ms, value }) =>
          value === 'histogram' ? [] : [{ ms: ms + baseMs(), value }],
        ),
      }));
      const filled = written.filter(({ samples }) => samples.length > 0);
      if (filled.length > 0) await remoteWrite(url, filled);
    },
    ask: async ({ expr, startMs, endMs, stepMs }) =>
      askServer(url, { expr, stepMs, startMs: startMs + baseMs(), endMs: endMs + baseMs() }),
    cannot: ({ expr }: Case) => (NAMES_A_TIME.test(expr) ? 'the time is another there' : undefined),
  };
}
