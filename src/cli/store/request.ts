/** What `plimsoll store` may be asked for, as given and not yet looked at, and its options on the command line. */
import type { Command } from 'commander';

export type StoreRequest =
  | { readonly act: 'info'; readonly json: boolean }
  | { readonly act: 'check' }
  | { readonly act: 'repair' }
  | { readonly act: 'delete'; readonly selector: string; readonly from?: string; readonly to?: string }
  | { readonly act: 'snapshot'; readonly folder: string };

type Options = Readonly<Record<string, unknown>>;
/** What is asked for, and the options that are the configuration's. */
type Answer = (request: StoreRequest, configured: Options) => void;

const TIME = 'a time such as 2027-01-15T08:00:00Z, or how long ago, such as 90m';

/** `store`, which says what there is, and below it what can be done with it. */
export function addStore(program: Command, answer: Answer): void {
  const store = placed(program.command('store'))
    .enablePositionalOptions()
    .description('what the collector keeps of what it saw: how much, since when, and what takes the room')
    .option('--json', 'the same as JSON, in base units')
    .action((_, command: Command) => {
      const { json, ...options } = command.optsWithGlobals<Options>();
      answer({ act: 'info', json: json === true }, configured(options));
    });
  placed(store.command('check'))
    .description('read every file of it and say what is wrong; changes nothing')
    .action((_, command: Command) => answer({ act: 'check' }, configured(command.optsWithGlobals<Options>())));
  placed(store.command('repair'))
    .description('write damaged files anew with what is whole in them; only while the program does not run')
    .action((_, command: Command) => answer({ act: 'repair' }, configured(command.optsWithGlobals<Options>())));
  placed(store.command('delete').argument('<selector>', 'series, such as container_cpu_usage_seconds_total{name="x"}'))
    .description('delete samples, for good; only while the program does not run')
    .option('--from <time>', `only what is of then or later: ${TIME}`)
    .option('--to <time>', 'only what is of before')
    .action((selector: string, _, command: Command) => {
      const { from, to, ...options } = command.optsWithGlobals<Options>();
      const range = { ...(typeof from === 'string' ? { from } : {}), ...(typeof to === 'string' ? { to } : {}) };
      answer({ act: 'delete', selector, ...range }, configured(options));
    });
  placed(store.command('snapshot').argument('<folder>', 'a new folder on the same file system'))
    .description('a copy of what is on disk, at once and without its room: the same files by other names')
    .action((folder: string, _, command: Command) =>
      answer({ act: 'snapshot', folder }, configured(command.optsWithGlobals<Options>())),
    );
}

/** Where to look is said as everywhere. */
function placed(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file, YAML (environment PLIMSOLL_CONFIG)')
    .option('--data_dir <folder>', 'the folder to look at, as in the configuration');
}

/** Of a command's options and those of the one above it. */
function configured({ config, data_dir }: Options): Options {
  return {
    ...(typeof config === 'string' ? { config } : {}),
    ...(typeof data_dir === 'string' ? { data_dir } : {}),
  };
}
