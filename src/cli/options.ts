/** The command line's options, made from the configuration's leaves, so that flags, variables and keys cannot drift apart. */
import { type Command, Option } from 'commander';
import { configLeaves, type Leaf, leafAt } from '../config/leaves.ts';
import { loadConfig } from '../config/load.ts';
import { type Program, programsOf } from '../config/programs.ts';
import type { Config } from '../config/schema.ts';

/**
 * Adds `--config` and one flag for each leaf. Those of other programs are not in the help, but known, so that what is wrong with them can be
 * said. Of keys with a name in them (`sinks.*.url`) the help has the pattern, and `argv` says which names there are.
 */
export function addConfigOptions(command: Command, argv: readonly string[], program?: Program): Command {
  command.option('--config <file>', 'configuration file, YAML (environment PLIMSOLL_CONFIG)');
  const leaves = configLeaves();
  const own = (path: string): boolean => program === undefined || programsOf(path).includes(program);
  for (const leaf of leaves) {
    if (!leaf.path.includes('*')) command.addOption(optionOf(leaf.path, leaf).hideHelp(!own(leaf.path)));
  }
  for (const path of new Set(argv.flatMap((arg) => /^--([a-z][a-z0-9_.]*)/.exec(arg)?.[1] ?? []))) {
    const meant = leafAt(path, leaves);
    if (meant?.leaf.path.includes('*')) command.addOption(optionOf(path, meant.leaf).hideHelp());
  }
  const named = leaves.filter(({ path }) => path.includes('*') && own(path));
  if (named.length > 0) command.addHelpText('after', namedHelp(named));
  return command;
}

function optionOf(path: string, { type, fallback, description }: Leaf): Option {
  const words = fallback === undefined ? '' : ` (default ${JSON.stringify(fallback)})`;
  return new Option(`--${path} <${PLACEHOLDERS.get(type) ?? 'text'}>`, description + words);
}

const PLACEHOLDERS = new Map<Leaf['type'], string>([
  ['list', 'a,b'],
  ['boolean', 'true|false'],
  ['number', 'n'],
  ['null', 'null'],
]);

function namedHelp(leaves: readonly Leaf[]): string {
  const lines = leaves.map((leaf) => {
    const path = leaf.path.replace('*', '<name>').replace('*', '<label>');
    return `  ${`--${path} <${PLACEHOLDERS.get(leaf.type) ?? 'text'}>`.padEnd(50)} ${leaf.description}`;
  });
  return `\nKeys of what you name yourself (--sinks.main.url is PLIMSOLL_SINKS_MAIN_URL):\n${lines.join('\n')}\n`;
}

/** The configuration of a command's options, the environment and the file. Throws a ConfigError. */
export function configOf(
  options: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
  program?: Program,
): Config {
  const flags = new Map<string, string>();
  for (const [name, value] of Object.entries(options)) {
    if (name !== 'config' && typeof value === 'string') flags.set(name, value);
  }
  const file = typeof options.config === 'string' ? options.config : env.PLIMSOLL_CONFIG;
  return loadConfig({ file, env, flags, program });
}
