/** What InfluxDB 1 says of a database's retention policies. Pure: the body of an answer in, policies out. */

export interface Policy {
  readonly name: string;
  /** 0 for ever. */
  readonly durationMs: number;
  readonly isDefault: boolean;
}

interface Series {
  readonly columns?: readonly unknown[];
  readonly values?: readonly (readonly unknown[])[];
}

interface QueryAnswer {
  readonly error?: unknown;
  readonly results?: readonly { readonly error?: unknown; readonly series?: readonly Series[] }[];
}

/** The policies that an answer to `SHOW RETENTION POLICIES` lists, or the error that it is. */
export function policiesIn(body: string): { readonly policies: readonly Policy[]; readonly error: string | undefined } {
  const answer = parsed(body);
  const result = answer.results?.[0];
  const error = result?.error ?? answer.error;
  const series = result?.series?.[0];
  const at = (column: string): number => series?.columns?.indexOf(column) ?? -1;
  const policies = (series?.values ?? []).map((row) => ({
    name: String(row[at('name')]),
    durationMs: durationIn(String(row[at('duration')])),
    isDefault: row[at('default')] === true,
  }));
  return { policies, error: error === undefined ? undefined : String(error) };
}

function parsed(body: string): QueryAnswer {
  try {
    return (JSON.parse(body) as QueryAnswer | null) ?? {};
  } catch {
    return { error: `an answer that is no JSON: ${body.slice(0, 100)}` };
  }
}

/** `720h0m0s`; what cannot be read is not equal to any duration. */
function durationIn(text: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?$/.exec(text);
  if (!match || text === '') return Number.NaN;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long a shard spans: as long as the server itself chooses for a retention, which must not be shorter than that. */
export function shardMs(retentionMs: number): number {
  if (retentionMs < 2 * DAY_MS) return HOUR_MS;
  return retentionMs <= 180 * DAY_MS ? DAY_MS : 7 * DAY_MS;
}
