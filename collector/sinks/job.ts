/**
 * One frame on its way to a server: which requests are still to be sent, several of them at once, and what became of the others. It outlives
 * a failed attempt, so that the next goes on where that one stopped, with the same bytes. A frame that is dropped half-way counts as lost
 * in whole.
 */
import { SinkError } from '../../src/errors.ts';
import type { Frame } from '../../src/model/batch.ts';
import { breathe } from '../../src/run/clock.ts';
import type { Delivery } from './sink.ts';

/** What goes into one request. It can be parted, never be changed. */
export interface Piece {
  /** How many of the frame's numbers it carries. */
  readonly samples: number;
}

/** What the server's answer means for a piece. */
export type Outcome<P extends Piece> =
  | { readonly kind: 'written' }
  | { readonly kind: 'too_large' }
  /** Some of it is bad, or all of it: nobody said what. */
  | { readonly kind: 'refused'; readonly message: string }
  /** It is known what is bad: `lost` numbers of it. `again` has yet to be sent; the rest is written. */
  | { readonly kind: 'partly'; readonly lost: number; readonly again?: P | undefined; readonly message: string }
  | { readonly kind: 'final'; readonly reason: string; readonly message: string }
  | { readonly kind: 'retry'; readonly reason: string; readonly message: string; readonly retryAfterMs?: number };

/** Between two pieces: numbers that no server would take, by reason, or a point at which other work may run. */
export type Step<P extends Piece> = { readonly piece: P } | { readonly dropped: number; readonly reason: string };

export interface JobOptions<P extends Piece> {
  readonly frame: Frame;
  readonly steps: Iterator<Step<P>>;
  /** Sends a piece once. */
  readonly send: (piece: P, signal: AbortSignal) => Promise<Outcome<P>>;
  /** Requests under way at once. */
  readonly inFlight: number;
  /** Both halves; undefined of what cannot be parted further. */
  readonly halves: (piece: P) => readonly [P, P] | undefined;
  /** A request was too large; answers how large it was, in words, for one that cannot be parted. */
  readonly tooLarge: (piece: P) => string;
  /** Told of a piece that is given up. */
  readonly lost?: (piece: P, message: string) => void;
  /** What is known of the server, from frame to frame. */
  readonly server: ServerMemory;
}

export interface ServerMemory {
  /** It took nothing of the last frame, for reasons that it did not tell part by part: it is not searched again. */
  refusesAll: boolean;
}

/** Searching what is bad by halves costs requests: after so many in one frame what is refused is dropped as a whole. */
const MAX_HALVINGS = 24;
/** The same for a server that names a few lines at a time and writes none: the rest is sent again so many times in one frame. */
const MAX_RESENDS = 40;
/** A whole, its halves and their halves: a server that took none of these takes nothing. */
const REFUSES_ALL_AFTER = 7;

export class Job<P extends Piece> {
  readonly frame: Frame;
  readonly #options: JobOptions<P>;
  /** To be sent before the next is made. */
  readonly #waiting: P[] = [];
  #delivered = 0;
  #halvings = 0;
  #refusals = 0;
  #resends = 0;
  #written = false;
  #problem: string | undefined;
  /** Why this attempt ends. */
  #failure: unknown;
  readonly #dropped = new Map<string, number>();

  constructor(options: JobOptions<P>) {
    this.frame = options.frame;
    this.#options = options;
  }

  /** Whether the server has taken some of it. */
  get begun(): boolean {
    return this.#delivered > 0;
  }

  /** Sends what is left. Rejects with a SinkError when it has to be tried again; then call it again. */
  async run(signal: AbortSignal): Promise<Delivery> {
    this.#failure = undefined;
    await Promise.all(Array.from({ length: this.#options.inFlight }, () => this.#lane(signal)));
    if (this.#failure !== undefined) throw this.#failure;
    return { delivered: this.#delivered, dropped: this.#dropped, problem: this.#problem };
  }

  /** One request after another, until there is nothing more to send or an attempt has failed. */
  async #lane(signal: AbortSignal): Promise<void> {
    while (this.#failure === undefined) {
      const piece = await this.#next();
      if (piece === undefined) return;
      try {
        // While the next was made another lane may have failed.
        if (this.#failure !== undefined) throw this.#failure;
        if (signal.aborted) throw stopped(signal);
        this.#apply(piece, await this.#options.send(piece, signal));
      } catch (error) {
        this.#waiting.unshift(piece);
        this.#failure ??= error;
      }
    }
  }

  async #next(): Promise<P | undefined> {
    for (;;) {
      const waiting = this.#waiting.shift();
      if (waiting !== undefined) return waiting;
      const { value, done } = this.#options.steps.next();
      if (done) return undefined;
      if ('piece' in value) return value.piece;
      this.#drop(value.reason, value.dropped);
      await breathe();
    }
  }

  #apply(piece: P, outcome: Outcome<P>): void {
    switch (outcome.kind) {
      case 'written':
        this.#delivered += piece.samples;
        this.#written = true;
        this.#options.server.refusesAll = false;
        return;
      case 'retry': {
        const { reason, message, ...wish } = outcome;
        throw new SinkError(reason, message, { retryable: true, ...wish });
      }
      case 'too_large':
        this.#tooLarge(piece);
        return;
      case 'final':
        this.#giveUp(piece, outcome.reason, outcome.message);
        return;
      case 'partly':
        this.#problem = shortened(outcome.message);
        this.#partly(piece, outcome);
        return;
      case 'refused':
        this.#search(piece, outcome.message);
    }
  }

  #tooLarge(piece: P): void {
    const size = this.#options.tooLarge(piece);
    const halves = this.#options.halves(piece);
    if (halves) this.#waiting.unshift(...halves);
    else this.#giveUp(piece, 'too_large', `${size} is larger than the server takes`);
  }

  #partly(piece: P, { lost, again, message }: Extract<Outcome<P>, { kind: 'partly' }>): void {
    this.#drop('rejected', lost);
    const rest = again?.samples ?? 0;
    this.#delivered += piece.samples - lost - rest;
    if (again === undefined) return;
    if (++this.#resends > MAX_RESENDS) this.#giveUp(again, 'rejected', message);
    else this.#waiting.unshift(again);
  }

  /** Some of it is bad, or the server takes nothing at all: halves tell, what waits before the halves of this. */
  #search(piece: P, message: string): void {
    const { server } = this.#options;
    this.#refusals++;
    const halves = this.#options.halves(piece);
    if (!this.#written && (server.refusesAll || this.#refusals >= REFUSES_ALL_AFTER)) {
      server.refusesAll = true;
      for (const one of [piece, ...this.#waiting.splice(0)]) this.#giveUp(one, 'rejected', message);
    } else if (halves && this.#halvings < MAX_HALVINGS) {
      this.#halvings++;
      this.#waiting.push(...halves);
    } else {
      this.#giveUp(piece, 'rejected', message);
    }
  }

  #giveUp(piece: P, reason: string, message: string): void {
    this.#problem = shortened(message);
    this.#drop(reason, piece.samples);
    this.#options.lost?.(piece, message);
  }

  #drop(reason: string, samples: number): void {
    if (samples > 0) this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + samples);
  }
}

/** A server may quote whole lines. */
function shortened(message: string): string {
  return message.length > 400 ? `${message.slice(0, 400)}…` : message;
}

function stopped(signal: AbortSignal): SinkError {
  if (signal.reason instanceof SinkError) return signal.reason;
  return new SinkError('timeout', 'stopped before everything was sent', { retryable: true, cause: signal.reason });
}
