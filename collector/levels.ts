/** The levels of the configuration: the standard ones, those of the user's own, without those switched off. */
import type { Config } from '../src/config/schema.ts';
import { ConfigError } from '../src/errors.ts';
import { CONTAINER_LEVEL, checkLevels, DEFAULT_LEVELS, type LevelDef } from './aggregate/levels.ts';

/** The levels, once it is clear that the sinks ask for none that is not among them. Throws a ConfigError. */
export function configuredLevels({ collector, sinks }: Config): LevelDef[] {
  const levels = levelsOf(collector.levels);
  const names = [CONTAINER_LEVEL, ...levels.map(({ name }) => name)];
  for (const [name, { levels: wanted = [] }] of Object.entries(sinks)) {
    const unknown = wanted.find((level) => !names.includes(level));
    if (unknown !== undefined) {
      throw new ConfigError(`sinks.${name}.levels: "${unknown}" is no level; must be of ${names.join(', ')}`);
    }
  }
  return levels;
}

/** A level named like a standard one replaces it; null switches one off. Throws a ConfigError. */
export function levelsOf(configured: Config['collector']['levels']): LevelDef[] {
  const levels = new Map<string, LevelDef>(DEFAULT_LEVELS.map((level) => [level.name, level]));
  for (const [name, given] of Object.entries(configured)) {
    if (given === null && !levels.has(name)) {
      throw new ConfigError(
        `collector.levels.${name}: is null, which switches a standard level off: must be one of ${[...levels.keys()].join(', ')}`,
      );
    }
    if (given === null) levels.delete(name);
    else levels.set(name, { name, by: Object.entries(given.by).map(([as, from]) => ({ as, from })) });
  }
  const list = [...levels.values()];
  checkLevels(list);
  return list;
}
