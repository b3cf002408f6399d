/** What others may cost at most; everything above is refused and counted. */
import type { LabelLimits } from './parsed.ts';

export interface ReceiveLimits extends LabelLimits {
  /** Bytes of a body as received, and unpacked. */
  readonly maxBodyBytes: number;
  readonly maxUnpackedBytes: number;
  /** Bytes of bodies received and not yet taken in; above it senders are told to come back. */
  readonly maxHeldBytes: number;
  /** Series of one sender, and of all. */
  readonly maxSeriesPerSender: number;
  readonly maxSeries: number;
}

export const RECEIVE_LIMITS: ReceiveLimits = {
  maxBodyBytes: 16 * 1024 * 1024,
  maxUnpackedBytes: 64 * 1024 * 1024,
  maxHeldBytes: 64 * 1024 * 1024,
  maxSeriesPerSender: 200_000,
  maxSeries: 1_000_000,
  maxLabels: 100,
  maxLabelBytes: 4096,
};
