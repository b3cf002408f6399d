/** Heads that are no longer added to, on their way into parts; and what comes behind them. */
import type { FrameHead } from './frames.ts';
import type { Loose } from './loose.ts';

export interface Frozen {
  readonly frames: FrameHead;
  readonly loose: Loose;
  /** The first frame, and the first file of received samples, that is not in them. */
  readonly nextSeq: number;
  readonly primeSeq: number;
  readonly nextReceived: number;
}
