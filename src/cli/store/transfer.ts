/** What `plimsoll store export` and `import` may be asked for, as given and not yet looked at, and their options on the command line. */
import { type Command, Option } from 'commander';

export const FORMATS = ['json', 'influx', 'prometheus', 'openmetrics'] as const;
export type SampleFormat = (typeof FORMATS)[number];

interface Where {
  /** The collector; that of this machine if not given. */
  readonly url?: string;
  readonly ca?: string;
  readonly format: SampleFormat;
}

export type TransferRequest =
  | (Where & {
      readonly act: 'export';
      readonly match: readonly string[];
      readonly from?: string;
      readonly to?: string;
    })
  | (Where & {
      readonly act: 'import';
      /** `-` is the standard input. */
      readonly file: string;
      readonly precision?: string;
      readonly db?: string;
      readonly skip?: string;
    });

type Options = Readonly<Record<string, unknown>>;
/** What is asked for, and the options that are the configuration's. */
type Answer = (request: TransferRequest, configured: Options) => void;

const TIME = 'a time such as 2027-01-15T08:00:00Z, or how long ago, such as 90m';
const WORDS =
  'json: JSON lines, a series each; influx: line protocol; prometheus: its text; openmetrics: what promtool tsdb create-blocks-from takes';

/** Adds both below `store`. */
export function addTransfer(store: Command, answer: Answer): void {
  placed(store.command('export'))
    .description('print samples that a running collector keeps')
    .addOption(new Option('--format <format>', WORDS).choices(FORMATS).default('json'))
    .option('--match <selector>', 'series, as PromQL selects them; may be given again (default: all)', collect, [])
    .option('--from <time>', `samples of then or later: ${TIME}`)
    .option('--to <time>', 'samples of then or earlier')
    .action((_, command: Command) => {
      const { url, ca, format, match, from, to, ...options } = command.optsWithGlobals<Options>();
      const where = { format: format as SampleFormat, ...texts({ url, ca }) };
      answer({ act: 'export', match: match as string[], ...where, ...texts({ from, to }) }, configured(options));
    });
  placed(store.command('import'))
    .description(
      'hand samples to a running collector; what is there already is there once, so that it may be done again',
    )
    .argument('<file>', 'the file, packed by gzip or not; - is the standard input')
    .addOption(new Option('--format <format>', WORDS).choices(FORMATS).default('json'))
    .option('--precision <unit>', 'influx: the unit of times, one of ns, us, ms, s, m, h (default: ns)')
    .option('--db <name>', 'influx: a label db of this value for series that have none')
    .option('--skip <bytes>', 'go on behind so many bytes, unpacked, as an import that was broken off says')
    .action((file: string, _, command: Command) => {
      const { url, ca, format, precision, db, skip, ...options } = command.optsWithGlobals<Options>();
      const where = { format: format as SampleFormat, ...texts({ url, ca }) };
      answer({ act: 'import', file, ...where, ...texts({ precision, db, skip }) }, configured(options));
    });
}

function placed(command: Command): Command {
  return command
    .option('--url <url>', 'the collector (default: that of this machine, as configured)')
    .option('--ca <file>', 'file with the certificates to trust for https, PEM (default: those of the system)')
    .option('--config <file>', 'configuration file, YAML (environment PLIMSOLL_CONFIG)');
}

function collect(selector: string, before: readonly string[]): string[] {
  return [...before, selector];
}

function configured({ config }: Options): Options {
  return texts({ config });
}

/** Those that are given. */
function texts<K extends string>(options: Readonly<Record<K, unknown>>): { [key in K]?: string } {
  const given = Object.entries(options).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(given) as { [key in K]?: string };
}
