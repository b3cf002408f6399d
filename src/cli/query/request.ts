/** What `plimsoll query` may be asked for, as given and not yet looked at, and its options on the command line. */
import type { Command } from 'commander';

export interface QueryOptions {
  readonly query: string;
  readonly range?: string;
  readonly step?: string;
  readonly time?: string;
  readonly limit?: string;
  readonly url?: string;
  readonly ca?: string;
  /** Undefined: what fits the answer and the terminal. */
  readonly form: 'json' | 'csv' | 'chart' | 'table' | undefined;
}

type Options = Readonly<Record<string, unknown>>;

/** Adds the options; those of the configuration are added by whoever knows them. */
export function addQueryOptions(command: Command): Command {
  return command
    .argument('<promql>', "the question, in quotes: 'topk(5, container_memory_working_set_bytes)'")
    .option('--range <duration>', 'over so long, such as 1h, up to --time; without it, at that moment alone')
    .option('--step <duration>', 'between two points of a range (default: about 240 of them)')
    .option(
      '--time <moment>',
      'the moment, or a range’s end: "2 hours ago", 14:05, "yesterday 14:00", 2027-01-15T08:00:00Z',
      'now',
    )
    .option('--limit <n>', 'at most so many series')
    .option('--table', 'a table (the default for a moment, and where no terminal is)')
    .option('--chart', 'a chart (the default for a range on a terminal)')
    .option('--json', 'JSON, as the API has it')
    .option('--csv', 'CSV: a line for each sample')
    .option('--url <url>', 'a collector, or a Prometheus (default: the collector of this machine)')
    .option('--ca <file>', 'file with the certificates to trust for https, PEM (default: those of the system)')
    .addHelpText('after', HELP);
}

const HELP = `
What did the containers take an hour ago?
  plimsoll query 'topk(5, container_memory_working_set_bytes{name!=""})' --time '1 hour ago'
And since then?
  plimsoll query 'sum by (name) (rate(container_cpu_usage_seconds_total{name!=""}[1m]))' --range 1h
`;

const FORMS = ['json', 'csv', 'chart', 'table'] as const;

/** Options of the command, and those that are the configuration's. */
export function queryOptionsOf(
  query: string,
  { range, step, time, limit, url, ca, json, csv, chart, table, ...configured }: Options,
): { readonly options: QueryOptions; readonly configured: Options } {
  const given = new Map<string, unknown>([
    ['json', json],
    ['csv', csv],
    ['chart', chart],
    ['table', table],
  ]);
  const texts = Object.entries({ range, step, time, limit, url, ca }).filter(([, value]) => typeof value === 'string');
  const form = FORMS.find((each) => given.get(each) === true);
  return { options: { query, form, ...Object.fromEntries(texts) }, configured };
}
