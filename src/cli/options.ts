/** The command line's options, made from the configuration's leaves, so that flags, variables and keys cannot drift apart. */
import { type Command, Option } from 'commander';
import { configLeaves } from '../config/leaves.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';

/** Adds `--config` and one flag for each leaf. */
export function addConfigOptions(command: Command): Command {
  command.option('--config <file>', 'configuration file, YAML (environment PLIMSOLL_CONFIG)');
  for (const leaf of configLeaves()) {
    if (leaf.type === 'map') continue;
    const fallback = leaf.fallback === undefined ? '' : ` (default ${JSON.stringify(leaf.fallback)})`;
    const placeholder =
      leaf.type === 'list' ? 'a,b' : leaf.type === 'boolean' ? 'true|false' : leaf.type === 'number' ? 'n' : 'text';
    command.addOption(new Option(`--${leaf.path} <${placeholder}>`, leaf.description + fallback));
  }
  return command;
}

/** The configuration of a command's options, the environment and the file. Throws a ConfigError. */
export function configOf(options: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): Config {
  const flags = new Map<string, string>();
  for (const [name, value] of Object.entries(options)) {
    if (name !== 'config' && typeof value === 'string') flags.set(name, value);
  }
  const file = typeof options.config === 'string' ? options.config : env.PLIMSOLL_CONFIG;
  return loadConfig({ file, env, flags });
}
