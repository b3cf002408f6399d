/** What was checked and what came out of it: a line on the console at once, a row of the table that the host prints at the end. */

export interface Check {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  readonly ok: boolean;
}

export interface Report {
  readonly checks: readonly Check[];
  check(what: string, outcome: Omit<Check, 'what'>): void;
  /** A number between two others, ends included; undefined is a failure. */
  within(what: string, value: number | undefined, range: readonly [low: number, high: number]): void;
  /** The same text, however both are put. */
  same(what: string, found: unknown, expected: unknown): void;
  failed(what: string, error: unknown): void;
}

export function createReport(): Report {
  const checks: Check[] = [];
  const report: Report = {
    checks,
    check(what, { expected, found, ok }) {
      checks.push({ what, expected, found, ok });
      console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}: expected ${expected}, found ${found}`);
    },
    within(what, value, [low, high]) {
      const ok = value !== undefined && value >= low && value <= high;
      const found = value === undefined ? 'nothing' : round(value);
      report.check(what, { expected: `${round(low)} to ${round(high)}`, found, ok });
    },
    same(what, found, expected) {
      const [isThere, wanted] = [found, expected].map((value) => JSON.stringify(value) ?? 'nothing') as [
        string,
        string,
      ];
      report.check(what, { expected: wanted, found: isThere, ok: isThere === wanted });
    },
    failed(what, error) {
      const found = error instanceof Error ? error.message : String(error);
      report.check(what, { expected: 'to be checked', found, ok: false });
    },
  };
  return report;
}

function round(value: number): string {
  return String(Math.round(value * 1e6) / 1e6);
}
