/**
 * Which batches of a session are durable: those all of whose rows lie in windows that are on disk. Each batch's number and the end of its
 * last window come in, and up to which end windows are on disk; the last number up to which everything is durable goes out.
 */

/** How far the frames on disk go. Without a log there is none, and what is received counts as durable. */
export interface Kept {
  /** Names this run of the collector: what another run took and had not on disk is gone. */
  readonly run: string;
  /** How long after its tick a batch is durable when all is well: a window's length and lateness. */
  readonly afterMs: number;
  /** No window that ends so long from now or later can have anything in it. */
  readonly aheadMs: number;
  /** Every window that ends here or before is synced, with all that has come of the node for it. */
  upToOf(node: string): number;
}

/** What the log tells, as it goes. */
export interface KeptMark extends Kept {
  /** Something of a node waits for a window that starts there and was closed without it. */
  late(node: string, startMs: number): void;
  /** A window has been handed to the log; of these nodes, what comes from that time on is in none so far. */
  offered(windowEndMs: number, behind?: ReadonlyMap<string, number>): void;
  durableUpTo(ms: number): void;
}

/** Of a node that is behind: up to where all of it is on disk, and how many windows had been handed over when that was said. */
interface LateNode {
  readonly upToMs: number;
  readonly after: number;
}

interface Offered {
  readonly windowEndMs: number;
  readonly behind: ReadonlyMap<string, number> | undefined;
  readonly number: number;
}

export interface KeptOptions extends Pick<Kept, 'run' | 'afterMs'> {
  readonly aheadMs?: number;
  /** How far the run before had come. */
  readonly fromMs?: number;
  /** How far windows are closed: what is on disk of later ones is of a clock that has been set back since. */
  readonly closedMs?: () => number;
}

export function createKept(options: KeptOptions): KeptMark {
  const { run, afterMs, aheadMs = Number.POSITIVE_INFINITY, fromMs = Number.NEGATIVE_INFINITY } = options;
  const { closedMs = () => Number.POSITIVE_INFINITY } = options;
  let upToMs = fromMs;
  const lateNodes = new Map<string, LateNode>();
  /** Handed over and not known to be on disk. */
  let waiting: Offered[] = [];
  let count = 0;
  return {
    run,
    afterMs,
    aheadMs,
    upToOf(node) {
      // Set back: windows of then that are on disk say nothing of those to come.
      upToMs = Math.min(upToMs, closedMs());
      return Math.min(upToMs, lateNodes.get(node)?.upToMs ?? upToMs);
    },
    late(node, startMs) {
      const known = lateNodes.get(node)?.upToMs ?? startMs;
      lateNodes.set(node, { upToMs: Math.min(known, startMs), after: count });
    },
    offered(windowEndMs, behind) {
      waiting.push({ windowEndMs, behind, number: ++count });
      // The same: this one is not on disk yet.
      if (windowEndMs <= upToMs) upToMs = windowEndMs - 1;
      // A disk that takes nothing lets go of the oldest, too.
      if (waiting.length > MAX_WAITING) waiting.shift();
    },
    durableUpTo(ms) {
      // Windows are synced in their order: an earlier one comes when the clock was set back, and then time has begun anew.
      upToMs = ms;
      const at = waiting.findIndex(({ windowEndMs }) => windowEndMs === ms);
      const synced = waiting[at];
      if (synced === undefined) return;
      waiting = waiting.slice(at + 1);
      for (const [node, { after }] of lateNodes) {
        if (after >= synced.number) continue;
        const ofNode = synced.behind?.get(node);
        if (ofNode === undefined) lateNodes.delete(node);
        else lateNodes.set(node, { upToMs: ofNode, after });
      }
    },
  };
}

/** Windows that wait for a disk: more are let go of, and their nodes' marks with them, until a later one is there. */
const MAX_WAITING = 10_000;

/** The batches of one session. */
export interface Durable {
  /** A batch was taken; its last window ends at `endMs`, undefined if nothing of it waits for one. None can end after `mostMs`. */
  note(seq: number, endMs: number | undefined, mostMs?: number): void;
  /** The last batch that is durable with all before it, when windows are on disk up to there; 0 if there is none. */
  upTo(ms: number): number;
  /** The same for windows that are yet to be synced: nothing is durable by the question. */
  whenUpTo(ms: number): number;
  /** The end of the last window that any of its batches waits for. */
  readonly endMs: number;
}

/** Marks kept for one session, one for each window: behind a disk that takes nothing for hours, the last stands for more. */
const MAX_MARKS = 1024;

interface Mark {
  seq: number;
  endMs: number;
}

/**
 * `seq`: a batch that is durable already. `endMs`: until that window is on disk nothing of the session is durable, because an agent's later
 * session stands for its earlier ones.
 */
export function createDurable({ seq = 0, endMs = Number.NEGATIVE_INFINITY } = {}): Durable {
  let durable = seq;
  let lastMs = endMs;
  /** Ascending in both. */
  const marks: Mark[] = [];
  return {
    note(noted, until = Number.NEGATIVE_INFINITY, mostMs = Number.POSITIVE_INFINITY) {
      // The clock was set back: the windows of then are closed or given up, and nobody is to wait until it is as late again.
      if (lastMs > mostMs) for (const mark of marks) mark.endMs = Math.min(mark.endMs, mostMs);
      lastMs = Math.min(lastMs, mostMs);
      lastMs = Math.max(lastMs, until);
      const last = marks.at(-1);
      // A batch is no more durable than the one before it.
      if (last !== undefined && (last.endMs === lastMs || marks.length >= MAX_MARKS)) {
        last.seq = noted;
        last.endMs = lastMs;
      } else marks.push({ seq: noted, endMs: lastMs });
    },
    upTo(ms) {
      while (marks[0] !== undefined && marks[0].endMs <= ms) durable = (marks.shift() as Mark).seq;
      return durable;
    },
    whenUpTo(ms) {
      let seq = durable;
      for (const mark of marks) if (mark.endMs <= ms) seq = mark.seq;
      return seq;
    },
    get endMs() {
      return lastMs;
    },
  };
}
