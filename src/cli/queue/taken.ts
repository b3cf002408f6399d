/** What a sink of the configuration takes of a window, known without its secrets and its server. */
import { type Selection, selectLevels, selectNamed, withoutContainers } from '../../../collector/sinks/levels.ts';
import type { Config } from '../../config/schema.ts';
import { ConfigError } from '../../errors.ts';

/** Throws a ConfigError if there is no such sink. */
export function selectionOf(sink: string, { sinks }: Pick<Config, 'sinks'>): Selection {
  const config = Object.hasOwn(sinks, sink) ? sinks[sink] : undefined;
  if (config === undefined) {
    const names = Object.keys(sinks);
    const legal = names.length === 0 ? 'the configuration has no sink' : `must be one of ${names.join(', ')}`;
    throw new ConfigError(`--sink: is ${JSON.stringify(sink)}: ${legal} (which configuration it is says --config)`);
  }
  if (config.kind === 'remote_write') return selectLevels(withoutContainers(config.levels, config.containers));
  return selectNamed(config.levels);
}
