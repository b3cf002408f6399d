/** What the sender says of its troubles: once for each change, in words. */
import type { Log } from '../../src/log.ts';

export class Troubles {
  readonly #log: Log;
  /** What went wrong last, until a batch is taken. */
  #trouble: string | undefined;
  /** Our clock minus the collector's, as it was said last. */
  #clockOffsetMs = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  say(trouble: string, fields: object, message: string): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#log.warn(fields, message);
  }

  over(fields: object): void {
    if (this.#trouble !== undefined) this.#log.info(fields, 'the collector takes batches again');
    this.#trouble = undefined;
  }

  /** The collector's word of it comes with every answer. */
  clockIsOff(offsetMs: number): void {
    if (offsetMs === this.#clockOffsetMs) return;
    this.#clockOffsetMs = offsetMs;
    if (offsetMs === 0) this.#log.info({}, 'our clock agrees with the collector’s again');
    else
      this.#log.warn(
        { seconds: Math.abs(offsetMs) / 1000 },
        `our clock is ${offsetMs > 0 ? 'ahead of' : 'behind'} the collector’s, which puts our readings into its time; set the clocks of both (NTP)`,
      );
  }
}
