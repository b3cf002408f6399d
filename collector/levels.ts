/** The levels of the configuration: the standard ones, those of the user's own, without those switched off. */
import type { Config } from '../src/config/schema.ts';
import { ConfigError } from '../src/errors.ts';
import { FAMILIES } from '../src/catalog/index.ts';
import { checkLevels, DEFAULT_LEVELS, type LevelDef, prefixOf } from './aggregate/levels.ts';
import { metricsOf } from './aggregate/plan.ts';

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
    else levels.set(name, levelOf(name, given, levels.get(name)));
  }
  const list = [...levels.values()];
  checkLevels(list);
  checkNames(list);
  return list;
}

type GivenLevel = NonNullable<Config['collector']['levels'][string]>;

/** What is not said of a standard level stays as it is. */
function levelOf(name: string, given: GivenLevel, standard: LevelDef | undefined): LevelDef {
  const by = given.by ? Object.entries(given.by).map(([as, from]) => ({ as, from })) : standard?.by;
  if (by === undefined) {
    throw new ConfigError(
      `collector.levels.${name}.by: is missing: must say which label of the group comes from which of the container, such as "{ ${name}: container_label_${name} }"`,
    );
  }
  const prefix = given.prefix ?? standard?.prefix;
  return { name, by, ...(prefix === undefined ? {} : { prefix }) };
}

/** Throws a ConfigError if two levels would expose metrics of one name. */
function checkNames(levels: readonly LevelDef[]): void {
  const owners = new Map<string, LevelDef>();
  for (const level of levels) {
    for (const metric of metricsOf(level, FAMILIES)) {
      const owner = owners.get(metric);
      if (owner !== undefined && owner !== level) {
        throw new ConfigError(
          `collector.levels.${level.name}.prefix: is "${prefixOf(level)}": the level ${owner.name} would have metrics of the same name (${metric}); give one of the two another prefix`,
        );
      }
      owners.set(metric, level);
    }
  }
}
