/** Which families are read: those that are on by default, changed by the configuration's switches. */
import { FAMILIES } from '../src/catalog/index.ts';
import type { Config } from '../src/config/schema.ts';
import { ConfigError } from '../src/errors.ts';

/**
 * `tcp` switches on, `-pressure` off; volumes that are to be counted are also shown. Throws a ConfigError for a family that there is
 * not.
 */
export function enabledFamilies({
  families,
  filesystem,
}: {
  readonly families: Config['agent']['families'];
  readonly filesystem: Pick<Config['agent']['filesystem'], 'volumes'>;
}): Set<string> {
  const known = new Set(FAMILIES.map((family) => family.name));
  const enabled = new Set(FAMILIES.filter((family) => family.byDefault).map((family) => family.name));
  if (filesystem.volumes) enabled.add('volume');
  for (const given of families) {
    const off = given.startsWith('-');
    const name = given.replace(/^[-+]/, '');
    if (!known.has(name)) {
      throw new ConfigError(
        `agent.families: is ${JSON.stringify(given)}: must be one of ${[...known].join(', ')}, with a minus before it to switch it off`,
      );
    }
    if (off) enabled.delete(name);
    else enabled.add(name);
  }
  return enabled;
}

/** A table's families as the agent hands them on: those that are off are left out, whoever read them. */
export function onlyEnabled<T extends { readonly shape: { readonly name: string } }>(
  tables: readonly T[],
  enabled: ReadonlySet<string>,
): T[] {
  return tables.filter((table) => enabled.has(table.shape.name));
}
