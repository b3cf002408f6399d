/** The text of /proc/loadavg: `5.57 5.64 4.36 1/246 934`. */

const LOADAVG = /^(\d+\.\d+) (\d+\.\d+) (\d+\.\d+) (\d+)\/(\d+) /;

/** NaN where the text is not as expected. */
export interface Loadavg {
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
  /** Processes and threads on the machine. */
  readonly threads: number;
}

export function parseLoadavg(bytes: Buffer): Loadavg {
  const match = LOADAVG.exec(bytes.toString('latin1'));
  const field = (i: number): number => Number(match?.[i] ?? Number.NaN);
  return { load1: field(1), load5: field(2), load15: field(3), threads: field(5) };
}
