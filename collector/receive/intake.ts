/**
 * What a reader makes of one body, into the store: counted, capped, in pieces that neither fill memory nor hold the process up. Every sample is
 * accounted for: received = accepted + the sum of dropped.
 */
import { labelValue } from '../../src/model/labels.ts';
import { breathe } from '../../src/run/clock.ts';
import type { MetricInfo } from '../query/source.ts';
import type { Store } from '../store/types.ts';
import type { SeriesCap } from './cap.ts';
import { createGatherer } from './gather.ts';
import { type BadLine, excerpt, type Parsed } from './parsed.ts';
import { add } from './tally.ts';

/** What became of a body. */
export interface Outcome {
  readonly received: number;
  readonly accepted: number;
  /** By reason. */
  readonly dropped: ReadonlyMap<string, number>;
  readonly ignored: ReadonlyMap<string, number>;
  readonly badLines: number;
  /** The first of them. */
  readonly bad: readonly BadLine[];
  /** The first trouble, for people. */
  readonly problem: string | undefined;
}

export interface IntakeOptions {
  readonly store: Pick<Store, 'write'>;
  readonly cap: SeriesCap;
  /** Whose series they count as. */
  readonly sender: string;
  readonly now: () => number;
}

/** Samples that go to the store in one piece. */
const SAMPLES_A_WRITE = 20_000;
/** Pieces of a reader after which other work may run. */
const PIECES_A_BREATH = 500;
/** What is kept of a body's descriptions and bad lines, however many it has. */
const MAX_INFOS = 10_000;
const MAX_BAD_LINES = 100;

/** Rejects with what the reader throws, or the store. What was counted until then is in `onCounted`, which is always called once. */
export async function takeIn(
  parsed: Iterable<Parsed>,
  options: IntakeOptions,
  onCounted: (outcome: Outcome) => void,
): Promise<Outcome> {
  const intake = new Intake(options);
  try {
    let pieces = 0;
    for (const piece of parsed) {
      intake.add(piece);
      if (intake.full) await intake.flush();
      if (++pieces % PIECES_A_BREATH === 0) await breathe();
    }
    await intake.flush();
    return intake.outcome;
  } finally {
    intake.giveUp();
    onCounted(intake.outcome);
  }
}

class Intake {
  readonly #options: IntakeOptions;
  readonly #gatherer = createGatherer();
  readonly #dropped = new Map<string, number>();
  readonly #ignored = new Map<string, number>();
  readonly #bad: BadLine[] = [];
  #infos: MetricInfo[] = [];
  #infoCount = 0;
  #received = 0;
  #accepted = 0;
  #badLines = 0;
  #problem: string | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  get full(): boolean {
    return this.#gatherer.samples >= SAMPLES_A_WRITE;
  }

  get outcome(): Outcome {
    return {
      received: this.#received,
      accepted: this.#accepted,
      dropped: this.#dropped,
      ignored: this.#ignored,
      badLines: this.#badLines,
      bad: this.#bad,
      problem: this.#problem,
    };
  }

  add(piece: Parsed): void {
    if (piece.kind === 'samples') this.#samples(piece);
    else if (piece.kind === 'ignored') add(this.#ignored, piece.what, piece.count);
    else if (piece.kind === 'bad_line') this.#badLine(piece);
    else if (piece.kind === 'dropped') {
      this.#received += piece.samples;
      this.#drop(piece.reason, piece.samples, piece.problem);
    } else if (this.#infoCount++ < MAX_INFOS) this.#infos.push(piece.info);
  }

  #badLine(piece: BadLine): void {
    this.#badLines++;
    if (this.#bad.length < MAX_BAD_LINES) this.#bad.push({ ...piece, text: excerpt(piece.text) });
    this.#problem ??= `line ${piece.line}: ${piece.why}`;
  }

  #samples(piece: Extract<Parsed, { kind: 'samples' }>): void {
    const { cap, sender, now } = this.#options;
    this.#received += piece.timesMs.length;
    if (cap.admits(sender, piece.labels, now())) {
      this.#gatherer.add(piece);
      return;
    }
    const name = excerpt(labelValue(piece.labels, '__name__') ?? '', 80);
    const problem = `${sender} has as many series as it may (receive.max_series_per_sender, receive.max_series): ${name}`;
    this.#drop('sender_series', piece.timesMs.length, problem);
  }

  /** Writes what has been gathered; rejects with what the store says. */
  async flush(): Promise<void> {
    const { series, samples, repeated, contradicting, problem } = this.#gatherer.take();
    this.#drop('duplicate', contradicting, problem);
    // What was said twice is there once.
    this.#accepted += repeated;
    const infos = this.#infos;
    this.#infos = [];
    if (series.length === 0 && infos.length === 0) return;
    try {
      const outcome = await this.#options.store.write(series, infos);
      this.#accepted += outcome.accepted;
      for (const [reason, lost] of outcome.dropped) this.#drop(reason, lost, outcome.problem);
    } catch (error) {
      this.#drop('unwritable', samples, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  /** What a reader that failed had handed on and was not written. */
  giveUp(): void {
    const { samples, repeated, contradicting } = this.#gatherer.take();
    this.#drop('bad_body', samples + repeated + contradicting);
  }

  #drop(reason: string, samples: number, problem?: string): void {
    add(this.#dropped, reason, samples);
    if (samples > 0) this.#problem ??= problem;
  }
}
