/** What the receivers have counted, by protocol: `remote_write_1`, `remote_write_2`, `influx`, `import`. Samples: received = accepted + the sum of dropped. */

export type Protocol = 'remote_write_1' | 'remote_write_2' | 'influx' | 'import';

export const PROTOCOLS: readonly Protocol[] = ['remote_write_1', 'remote_write_2', 'influx', 'import'];

export interface Counts {
  /** By result: `accepted`, `partial`, `refused_<reason>`. */
  readonly requests: Map<string, number>;
  bytes: number;
  received: number;
  accepted: number;
  /** By reason. */
  readonly dropped: Map<string, number>;
  badLines: number;
  /** By what it is. */
  readonly ignored: Map<string, number>;
}

export type ReceiveTally = ReadonlyMap<Protocol, Counts>;

export function createReceiveTally(): ReceiveTally {
  return new Map(
    PROTOCOLS.map((protocol) => [
      protocol,
      {
        requests: new Map(),
        bytes: 0,
        received: 0,
        accepted: 0,
        dropped: new Map(),
        badLines: 0,
        ignored: new Map(),
      },
    ]),
  );
}

export function add(counts: Map<string, number>, key: string, by = 1): void {
  if (by !== 0) counts.set(key, (counts.get(key) ?? 0) + by);
}
