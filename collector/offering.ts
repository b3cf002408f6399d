/**
 * Closed windows on their way out: the page is kept from what is past, and beside each window goes what a restart needs of agents' sessions. Late
 * frames go to the sinks alone, and the log has a word on whose they are.
 */
import type { Log } from '../src/log.ts';
import type { Frame, LevelTable } from '../src/model/batch.ts';
import type { Delivery } from './delivering.ts';
import type { KeptMark } from './ingest/durable.ts';
import { createSessionsJournal } from './ingest/sessionsjournal.ts';
import type { RememberedSession } from './ingest/sessions.ts';

export interface OfferingOptions {
  readonly delivery: Pick<Delivery, 'offer'>;
  /** Takes note of windows that are not news. */
  readonly past: WeakSet<Frame>;
  /** Shows people what is news. */
  readonly show?: (frame: Frame) => void;
  /** Looks at each window that is closed on time. */
  readonly watch: (frame: Frame) => void;
  /** How far windows are on disk; undefined where none are kept. */
  readonly mark: KeptMark | undefined;
  /** The sessions of agents, as of windows up to there. */
  readonly remembered: (upToMs: number, behind?: ReadonlyMap<string, number>) => readonly RememberedSession[];
  readonly log: Log;
}

/** `isPast`: the window is no news. */
export function createOffering(options: OfferingOptions): (frame: Frame, isPast: boolean) => void {
  const { delivery, past, show, watch, mark, remembered, log } = options;
  const sessionsTable = createSessionsJournal();
  const late = watchLate(log);
  return ({ journal, behind, ...frame }, isPast) => {
    const { endMs } = frame;
    late(frame);
    if (isPast) past.add(frame);
    else show?.(frame);
    if (frame.late === undefined) {
      watch(frame);
      mark?.offered(endMs, behind);
    }
    const sessions = (): LevelTable => sessionsTable(remembered(endMs, behind), endMs);
    delivery.offer(frame, journal === undefined ? undefined : [...journal, sessions()]);
  };
}

/** Nodes that are remembered as told. */
const MAX_TOLD = 1000;
/** Windows on time without anything late of a node: it has told all, or has gone again. */
const QUIET_WINDOWS = 6;

interface Telling {
  windows: number;
  /** Windows that have closed on time since. */
  quiet: number;
}

/** A line when a node begins to tell of windows that it missed, and one when no more comes. */
function watchLate(log: Log): (frame: Frame) => void {
  const telling = new Map<string, Telling>();
  return ({ late, startMs }) => {
    for (const node of late ?? []) {
      const known = telling.get(node);
      if (known !== undefined) Object.assign(known, { windows: known.windows + 1, quiet: 0 });
      else if (telling.size < MAX_TOLD) {
        const since = new Date(startMs).toISOString();
        log.info({ node, since }, 'an agent was away: what it kept goes into the windows that it missed');
        telling.set(node, { windows: 1, quiet: 0 });
      }
    }
    if (late !== undefined) return;
    for (const [node, known] of telling) {
      if (++known.quiet < QUIET_WINDOWS) continue;
      telling.delete(node);
      log.info({ node, windows: known.windows }, 'windows that were closed without an agent have what it kept of them');
    }
  };
}
