/** What agents may cost the collector at most; everything above is refused and counted. */
import { WIRE_LIMITS, type WireLimits } from '../../src/wire/limits.ts';

export interface IngestLimits {
  /** Bytes of a body as received. */
  readonly maxBodyBytes: number;
  /** Bytes of bodies received and not yet taken in; above it agents are told to come back. */
  readonly maxPendingBytes: number;
  /** Agents at a time. */
  readonly maxSessions: number;
  /** An agent not heard of for so long has to describe everything again. */
  readonly staleAfterMs: number;
  /** Series (rows times columns of their family) in all, and of one agent. */
  readonly maxSeries: number;
  readonly maxSeriesPerNode: number;
  /** Memory of all sessions' dictionaries together, in bytes. */
  readonly maxDictionaryBytes: number;
  /** For so long what was described may be held by others after its session has given it up. */
  readonly lingerMs: number;
  /** What one body and one session's dictionary may hold. `bodyBytes` is the limit on the unpacked body. */
  readonly wire: WireLimits;
}

export const INGEST_LIMITS: IngestLimits = {
  maxBodyBytes: 16 * 1024 * 1024,
  maxPendingBytes: 128 * 1024 * 1024,
  maxSessions: 10_000,
  staleAfterMs: 10 * 60_000,
  maxSeries: 2_000_000,
  maxSeriesPerNode: 200_000,
  maxDictionaryBytes: 512 * 1024 * 1024,
  lingerMs: 5 * 60_000,
  wire: WIRE_LIMITS,
};
