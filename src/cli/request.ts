/** The command line, the environment and the file into what is to be done. */
import { Argument, Command, CommanderError } from 'commander';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { addConfigOptions, configOf } from './options.ts';
import { addQueryOptions, type QueryOptions, queryOptionsOf } from './query/request.ts';
import { addQueue, type QueueRequest } from './queue/request.ts';
import { addStore, type StoreRequest } from './store/request.ts';

export type Role = 'agent' | 'collector';

/** What `plimsoll check` is asked about; nothing said is everything that is configured. */
export type Start = 'run' | Role;

/** What is to be done; `end`: nothing any more, all has been said. */
export type Request =
  | { readonly do: 'end'; readonly exitCode: number }
  | {
      readonly do: 'run';
      readonly config: Config;
      readonly roles: readonly Role[];
      readonly table: boolean | undefined;
    }
  | { readonly do: 'check'; readonly config: Config; readonly start: Start | undefined }
  | { readonly do: 'top'; readonly config: Config; readonly options: TopOptions }
  | { readonly do: 'query'; readonly config: Config; readonly options: QueryOptions }
  | { readonly do: 'dashboards'; readonly config: Config; readonly files: readonly string[]; readonly json: boolean }
  | { readonly do: 'queue'; readonly config: Config; readonly request: QueueRequest }
  | { readonly do: 'store'; readonly config: Config; readonly request: StoreRequest }
  | { readonly do: 'metrics' };

/** As given, not yet looked at. */
export interface TopOptions {
  readonly url?: string;
  readonly ca?: string;
  readonly every: string;
  readonly once: boolean;
  /** A moment that is past: the table of then. */
  readonly at?: string;
  readonly json: boolean;
  /** Also what does not run. */
  readonly all: boolean;
  readonly filter?: string;
  readonly sort?: string;
  readonly group?: string;
}

type Options = Readonly<Record<string, unknown>>;
type Make = (options: Options) => Request;

const PROGRAMS: readonly (readonly [name: Start, roles: readonly Role[], description: string])[] = [
  ['run', ['agent', 'collector'], 'agent and collector in one process'],
  ['agent', ['agent'], 'read this machine, serve /metrics, send to a collector'],
  ['collector', ['collector'], 'take batches from agents, aggregate, serve /metrics, feed the sinks'],
];

/** Reads the arguments, `argv` as Node has them. Says on the error stream what is wrong with them. */
export function requestOf(argv: readonly string[], env: NodeJS.ProcessEnv): Request {
  let request: Request = { do: 'end', exitCode: 0 };
  const program = commands(argv, env, (made) => {
    request = made;
  });
  try {
    program.parse(argv);
    return request;
  } catch (error) {
    // What it has to say, help or a complaint, it has said.
    if (error instanceof CommanderError) return { do: 'end', exitCode: error.exitCode === 0 ? 0 : 2 };
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`plimsoll: ${error.message}\n`);
    return { do: 'end', exitCode: 2 };
  }
}

function commands(argv: readonly string[], env: NodeJS.ProcessEnv, answer: (request: Request) => void): Command {
  const program = new Command('plimsoll')
    .exitOverride()
    .description('The monitoring pipeline for containers.')
    .version(VERSION)
    .configureOutput({ outputError: (text, write) => write(withoutValues(text)) })
    .showHelpAfterError('(plimsoll <command> --help lists what there is)');
  const add = (name: string, description: string, make: Make): Command =>
    program
      .command(name)
      .description(description)
      .action((options: Options) => answer(make(options)));
  for (const [name, roles, description] of PROGRAMS) {
    const make: Make = (options) => ({
      do: 'run',
      config: configOf(options, env, name),
      roles,
      table: tableOf(options),
    });
    addConfigOptions(add(name, description, make), argv, name)
      .option('--table', 'show the live table (the default on a terminal)')
      .option('--no-table', 'do not');
  }
  const check = program
    .command('check')
    .description(
      'do all that a start does, short of serving: configuration, secrets, addresses, engines, sources, collector, sinks',
    )
    .addArgument(new Argument('[program]', 'the start to check (default: all that is configured)').choices(STARTS))
    .action((start: Start | undefined, options: Options) =>
      answer({ do: 'check', config: configOf(options, env, start), start }),
    );
  addConfigOptions(check, argv);
  const top = add('top', 'a live table of containers: an agent’s, or a collector’s of all hosts', (options) =>
    topOf(options, env),
  );
  addTop(addConfigOptions(top, argv, 'top'));
  const query = program
    .command('query')
    .description('ask what has been kept, in PromQL: a table or a chart')
    .action((promql: string, given: Options) => {
      const { options, configured } = queryOptionsOf(promql, given);
      answer({ do: 'query', config: configOf(configured, env, 'query'), options });
    });
  addQueryOptions(addConfigOptions(query, argv, 'query'));
  addDashboards(program, (files, { json, ...options }) =>
    answer({ do: 'dashboards', config: configOf(options, env), files, json: json === true }),
  );
  addQueue(program, (request, options) => answer({ do: 'queue', config: configOf(options, env), request }));
  addStore(program, (request, options) => answer({ do: 'store', config: configOf(options, env), request }));
  add('metrics', 'print METRICS.md: every metric there is', () => ({ do: 'metrics' }));
  return program;
}

const STARTS: readonly Start[] = PROGRAMS.map(([name]) => name);

/** What stands after an option that does not exist, or in place of a command, may be a secret: `--tokn=…`. */
function withoutValues(text: string): string {
  return text
    .replace(/(--?[\w.-]+)=.*/, "$1=…'")
    .replace(/(unknown (?:option|command)|value) '(.*)'(?=$|\n| is invalid)/, (_, what: string, word: string) =>
      /^(--?)?[a-z][a-z0-9_.-]{0,39}(=…)?$/.test(word) ? `${what} '${word}'` : `${what} '…'`,
    );
}

function tableOf({ table }: Options): boolean | undefined {
  return typeof table === 'boolean' ? table : undefined;
}

function addTop(command: Command): void {
  command
    .option('--url <url>', 'an agent or a collector (default: the agent of this machine, else its collector)')
    .option('--ca <file>', 'file with the certificates to trust for https, PEM (default: those of the system)')
    .option('--every <duration>', 'how long new numbers may wait to be seen', '2s')
    .option('--once', 'print the table once, after two readings, and end')
    .option(
      '--at <moment>',
      'print the table of then, from a collector: "2 hours ago", 14:05, "yesterday 14:00", 2027-01-15T08:00:00Z',
    )
    .option('--json', 'one JSON object a line for each container and reading')
    .option('--all', 'also containers that do not run (--once has them always)')
    .option('--filter <words>', 'those that have the words in name, service, host, image or state')
    .option('--sort <column>', 'what to sort by: cpu, memory, net, io, name …')
    .option('--group <what>', 'one line for each service or host')
    .addHelpText(
      'after',
      '\nOn a terminal ? shows the keys. Over a pipe it writes one line for each container and reading.\n',
    );
}

/** The room for what concerns dashboards; as yet one command. */
function addDashboards(program: Command, check: (files: string[], options: Options) => void): void {
  const room = program.command('dashboards').description('whether dashboards and rules made for others work here');
  room
    .command('check')
    .description(
      'say of each panel or rule (Grafana’s JSON, Prometheus’ YAML) whether it works with what Plimsoll exposes, and which name to use where not; exit code 0: all do, 1: some do not, 2: something cannot be read',
    )
    .argument('<file|url...>', 'dashboards and rules files; rules that some record are known to all')
    .option(
      '--config <file>',
      'the configuration whose families, labels and levels count (environment PLIMSOLL_CONFIG)',
    )
    .option('--json', 'the same as JSON')
    .action(check);
}

function topOf(
  { url, ca, every, once, at, json, all, filter, sort, group, ...configured }: Options,
  env: NodeJS.ProcessEnv,
): Request {
  const texts = Object.entries({ url, ca, at, filter, sort, group }).filter(([, value]) => typeof value === 'string');
  const options: TopOptions = {
    every: String(every),
    once: once === true,
    json: json === true,
    all: all === true,
    ...Object.fromEntries(texts),
  };
  return { do: 'top', config: configOf(configured, env, 'top'), options };
}
