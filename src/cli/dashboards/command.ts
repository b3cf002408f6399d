/**
 * `plimsoll dashboards check FILE|URL…`: says of each panel or rule whether it works with what Plimsoll exposes. Exit code 0: all that is asked of
 * Plimsoll works; 1: something does not, or only after a setting; 2: something could not be read.
 */
import type { Writable } from 'node:stream';
import type { Config } from '../../config/schema.ts';
import { ConfigError } from '../../errors.ts';
import type { Clock } from '../../run/clock.ts';
import type { Report, Source } from './items.ts';
import { placeOf } from './load.ts';
import { offeredBy } from './offered.ts';
import { judgeItem } from './query/judge.ts';
import { readDocument } from './read/document.ts';
import { reportLines } from './report.ts';

export interface CheckDashboards {
  readonly files: readonly string[];
  readonly config: Config;
  readonly json: boolean;
  readonly clock: Clock;
  readonly out: Writable;
  readonly err: Writable;
}

interface Read {
  readonly file: string;
  readonly source: Source;
}

export async function checkDashboards({ files, config, json, clock, out, err }: CheckDashboards): Promise<number> {
  const read: Read[] = [];
  const troubles: string[] = [];
  for (const given of files) {
    const place = placeOf(given, clock);
    try {
      for (const source of readDocument(await place.read(), place.shown)) read.push({ file: place.shown, source });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      troubles.push(error.message);
    }
  }
  const reports = judgeAll(read, config);
  if (json) out.write(`${JSON.stringify({ reports, unreadable: troubles }, undefined, 2)}\n`);
  else out.write(reports.map((report) => `${reportLines(report).join('\n')}\n`).join('\n'));
  for (const trouble of troubles) err.write(`plimsoll: ${trouble}\n`);
  if (troubles.length > 0) return 2;
  return reports.every(({ verdicts }) => verdicts.every(({ status }) => status === 'works' || status === 'elsewhere'))
    ? 0
    : 1;
}

/** All files together: a rule or a dashboard may use what a rule of another file records. */
export function judgeAll(read: readonly Read[], config: Pick<Config, 'agent' | 'collector'>): Report[] {
  const offered = offeredBy(config);
  const recorded = new Set(read.flatMap(({ source }) => source.items.flatMap(({ records }) => records ?? [])));
  return read.map(({ file, source: { kind, title, items, variables } }) => {
    const judging = { offered, recorded, variables, fill: kind === 'dashboard' };
    const verdicts = items.map((item) => judgeItem(item, judging));
    const from = verdicts.flatMap(({ findings }) => findings.flatMap((finding) => finding.from ?? []));
    return { file, kind, title, madeFor: [...new Set(from)], verdicts };
  });
}
