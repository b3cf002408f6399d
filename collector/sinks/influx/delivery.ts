/**
 * One frame on its way into InfluxDB: which chunks are still to be sent, what became of the others. It outlives a failed attempt,
 * so that the next goes on where that one stopped, with the same bytes. A frame that is dropped half-way counts as lost in whole.
 */
import { SinkError } from '../../../src/errors.ts';
import type { Frame } from '../../../src/model/batch.ts';
import { breathe } from '../../../src/run/clock.ts';
import type { Delivery } from '../sink.ts';
import type { Verdict } from './answer.ts';
import { type Chunk, type ChunkLimits, halves, parted, type Step, samplesIn } from './chunk.ts';
import { type Refusal, refusalOf } from './refused.ts';

/** Sends a chunk once. */
export type SendChunk = (chunk: Chunk, signal: AbortSignal) => Promise<{ verdict: Verdict; body: string }>;

export interface JobOptions {
  readonly frame: Frame;
  readonly steps: Iterator<Step>;
  /** Lowered when a request was too large. */
  readonly limits: ChunkLimits;
  readonly send: SendChunk;
  /** What is known of the server, from frame to frame. */
  readonly server: ServerMemory;
}

export interface ServerMemory {
  /** It took nothing of the last frame, for reasons that it did not tell line by line: it is not searched again. */
  refusesAll: boolean;
}

/** Searching bad lines by halves costs requests: after so many in one frame what is refused is dropped as a whole. */
const MAX_HALVINGS = 24;
/** The same for a server that names a few lines at a time and writes none: the rest is sent again so many times in one frame. */
const MAX_RESENDS = 40;
/** A whole, its halves and their halves: a server that took none of these takes nothing. */
const REFUSES_ALL_AFTER = 7;

/** A request refused at this size or below was not refused for its size. */
const MIN_BYTES = 16 * 1024;

export class Job {
  readonly frame: Frame;
  readonly #options: JobOptions;
  /** Chunks to send before the next is made. */
  #open: Chunk[] = [];
  #delivered = 0;
  #halvings = 0;
  #refusals = 0;
  #resends = 0;
  #written = false;
  #problem: string | undefined;
  readonly #dropped = new Map<string, number>();

  constructor(options: JobOptions) {
    this.frame = options.frame;
    this.#options = options;
  }

  /** Sends what is left. Rejects with a SinkError when it has to be tried again; then call it again. */
  async run(signal: AbortSignal): Promise<Delivery> {
    for (let chunk = await this.#next(); chunk; chunk = await this.#next()) {
      if (signal.aborted) throw stopped(signal);
      const { verdict, body } = await this.#options.send(chunk, signal);
      this.#apply(chunk, verdict, body);
    }
    return { delivered: this.#delivered, dropped: this.#dropped, problem: this.#problem };
  }

  /** The chunk to send now; it stays open until a verdict has closed it. */
  async #next(): Promise<Chunk | undefined> {
    while (this.#open.length === 0) {
      const { value, done } = this.#options.steps.next();
      if (done) return undefined;
      if ('lines' in value) {
        this.#open.push(value);
      } else {
        this.#drop('too_long', value.tooLong);
        await breathe();
      }
    }
    return this.#open[0];
  }

  #apply(chunk: Chunk, verdict: Verdict, body: string): void {
    switch (verdict.kind) {
      case 'written':
        this.#delivered += samplesIn(chunk);
        this.#open.shift();
        this.#written = true;
        this.#options.server.refusesAll = false;
        return;
      case 'retry':
        throw new SinkError(verdict.reason, verdict.message, {
          retryable: true,
          ...(verdict.retryAfterMs === undefined ? {} : { retryAfterMs: verdict.retryAfterMs }),
        });
      case 'too_large':
        this.#tooLarge(chunk);
        return;
      case 'final':
        this.#problem = shortened(verdict.message);
        this.#close(chunk, 'rejected');
        return;
      case 'lines_refused':
        this.#problem = shortened(verdict.message);
        this.#refused(chunk, refusalOf(body, chunk.lines));
    }
  }

  #tooLarge(chunk: Chunk): void {
    const { limits } = this.#options;
    const bytes = chunk.lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    // Remembered, so that later frames do not run into the same limit with each request.
    limits.maxBytes = Math.max(MIN_BYTES, Math.min(limits.maxBytes, Math.ceil(bytes / 2)));
    if (chunk.lines.length > 1) {
      this.#replace(halves(chunk));
      return;
    }
    this.#problem = `a line of ${bytes} bytes is larger than the server takes`;
    this.#close(chunk, 'too_large');
  }

  #refused(chunk: Chunk, refusal: Refusal): void {
    const { restWritten, lines, count, among } = refusal;
    if (lines.length > 0 && !restWritten && ++this.#resends > MAX_RESENDS) {
      this.#close(chunk, 'rejected');
    } else if (lines.length > 0) {
      const { named, others } = parted(chunk, lines);
      this.#drop('rejected', samplesIn(named));
      if (restWritten) this.#delivered += samplesIn(others);
      this.#replace(restWritten || others.lines.length === 0 ? [] : [others]);
    } else if (restWritten && count !== undefined) {
      // The server says how many lines, not which: they are counted at the mean of those they can be.
      const suspects = among.length > 0 ? parted(chunk, among).named : chunk;
      const lost = Math.round((samplesIn(suspects) * count) / suspects.lines.length);
      this.#drop('rejected', lost);
      this.#delivered += samplesIn(chunk) - lost;
      this.#open.shift();
    } else this.#search(chunk);
  }

  /** Some of the lines are bad, or the server takes nothing at all: halves tell, the other one before the halves of this one. */
  #search(chunk: Chunk): void {
    const { server } = this.#options;
    this.#refusals++;
    if (!this.#written && (server.refusesAll || this.#refusals >= REFUSES_ALL_AFTER)) {
      server.refusesAll = true;
      for (const open of [...this.#open]) this.#close(open, 'rejected');
    } else if (chunk.lines.length > 1 && this.#halvings < MAX_HALVINGS) {
      this.#halvings++;
      this.#open.shift();
      this.#open.push(...halves(chunk));
    } else {
      this.#close(chunk, 'rejected');
    }
  }

  #replace(chunks: readonly Chunk[]): void {
    this.#open.splice(0, 1, ...chunks);
  }

  #close(chunk: Chunk, reason: string): void {
    this.#drop(reason, samplesIn(chunk));
    this.#open.shift();
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
