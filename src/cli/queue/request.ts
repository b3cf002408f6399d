/** What `plimsoll queue` may be asked for, as given and not yet looked at, and its options on the command line. */
import { type Command, Option } from 'commander';

export type QueueRequest =
  | { readonly act: 'list'; readonly json: boolean; readonly watch: string }
  | {
      readonly act: 'export';
      readonly format: 'json' | 'influx';
      readonly from?: string;
      readonly to?: string;
      readonly level?: string;
      readonly sink?: string;
      readonly agent: boolean;
    }
  | { readonly act: 'drop'; readonly sink?: string; readonly agent: boolean; readonly until?: string };

type Options = Readonly<Record<string, unknown>>;
/** What is asked for, and the options that are the configuration's. */
type Answer = (request: QueueRequest, configured: Options) => void;

const TIME = 'a time such as 2027-01-15T08:00:00Z, or how long ago, such as 90m';

/** `queue`, which lists, and below it `export` and `drop`. */
export function addQueue(program: Command, answer: Answer): void {
  const queue = placed(program.command('queue'))
    .enablePositionalOptions()
    .description('what waits on disk: the log of windows, each sink’s place in it, the agent’s spool')
    .option('--json', 'the same as JSON, in base units')
    .option('--watch <duration>', 'how long to look at a sink that is behind, to say how fast it drains', '5s')
    .action((_, command: Command) => {
      const { json, watch, ...options } = command.optsWithGlobals<Options>();
      answer({ act: 'list', json: json === true, watch: String(watch) }, configured(options));
    });
  placed(queue.command('export'))
    .description('print what is kept, also while the program runs')
    .option('--from <time>', `windows that begin then or later: ${TIME}`)
    .option('--to <time>', 'windows that begin before')
    .addOption(
      new Option('--format <format>', 'json: a line a row, as the sink stdout; influx: line protocol')
        .choices(['json', 'influx'])
        .default('json'),
    )
    .option('--level <a,b>', 'these levels alone, such as node,service')
    .option('--sink <name>', 'what this sink has not got yet, of the levels that it takes')
    .option('--agent', 'batches of the agent’s spool in place of windows of the log, by the time of their tick')
    .action((_, command: Command) => {
      const { format, from, to, level, sink, agent, ...options } = command.optsWithGlobals<Options>();
      answer(
        {
          act: 'export',
          format: format as 'json' | 'influx',
          agent: agent === true,
          ...texts({ from, to, level, sink }),
        },
        configured(options),
      );
    });
  placed(queue.command('drop'))
    .description('give up what waits for a sink, or in the agent’s spool; only while the program does not run')
    .option('--sink <name>', 'the sink that is not to get it')
    .option('--agent', 'the batches in the agent’s spool')
    .option('--until <time>', `only what ended by then (default: all): ${TIME}`)
    .action((_, command: Command) => {
      const { sink, agent, until, ...options } = command.optsWithGlobals<Options>();
      answer({ act: 'drop', agent: agent === true, ...texts({ sink, until }) }, configured(options));
    });
}

/** Where to look is said as everywhere. */
function placed(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file, YAML (environment PLIMSOLL_CONFIG)')
    .option('--data_dir <folder>', 'the folder to look at, as in the configuration');
}

/** Of a command's options and those of the one above it. */
function configured({ config, data_dir }: Options): Options {
  return texts({ config, data_dir });
}

/** Those that are given. */
function texts<K extends string>(options: Readonly<Record<K, unknown>>): { [key in K]?: string } {
  const given = Object.entries(options).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(given) as { [key in K]?: string };
}
