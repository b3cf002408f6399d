/** Source `advtcp`: the kernel's TCP counters per network namespace, under their names in lower case. Off by default. */
import { join } from 'node:path';
import { advtcp } from '../../src/catalog/tcp.ts';
import { readOnce } from '../kernel/files.ts';
import type { Source } from '../source.ts';
import { addCells, builderOf } from '../kernel/cells.ts';
import { Lines } from '../kernel/lines.ts';
import { type NamespaceOptions, ownedNamespaces } from './namespaces.ts';
import { pacer } from '../kernel/pace.ts';
import { Rows } from '../kernel/rows.ts';

/** Constants of the configuration and one gauge, in the midst of counters. */
const NOT_COUNTERS = new Set(['rtoalgorithm', 'rtomin', 'rtomax', 'maxconn', 'currestab']);
/** The kernel has about 130; a file with more is not one of its own. */
const MAX_COUNTERS = 512;
/** Namespaces read before other work gets its turn. */
const SLICE = 20;

export function createAdvtcpSource(options: NamespaceOptions): Source {
  const { procRoot, clock } = options;
  const rows = new Rows('tcp_state', MAX_COUNTERS);
  const pace = pacer(SLICE);
  return {
    name: 'advtcp',
    async read({ signal }) {
      const builder = builderOf(advtcp);
      for (const { entity, pid } of ownedNamespaces(options)) {
        signal.throwIfAborted();
        for (const [file, protocol] of [
          ['snmp', 'Tcp:'],
          ['netstat', 'TcpExt:'],
        ] as const) {
          const bytes = readOnce(join(procRoot, String(pid), 'net', file));
          const timeMs = clock.now();
          for (const [name, count] of bytes ? parseCounters(bytes, protocol) : []) {
            const row = NOT_COUNTERS.has(name) ? undefined : rows.of(entity, name);
            if (row) addCells(builder, { row, timeMs }, { count });
          }
        }
        await pace(1);
      }
      rows.sweep();
      return [builder.build()];
    },
    async close() {},
  };
}

/**
 * Pairs of lines, `Tcp: ActiveOpens PassiveOpens …` and `Tcp: 12 3 …`, of one protocol, by name in lower case. A negative or missing
 * number is left out.
 */
export function parseCounters(bytes: Buffer, protocol: string): Map<string, number> {
  const lines = new Lines(bytes);
  const found = new Map<string, number>();
  let names: string[] | undefined;
  while (lines.next()) {
    if (lines.word() !== protocol) continue;
    if (!names) {
      names = lines.rest().split(/\s+/);
      continue;
    }
    for (const name of names) {
      const value = lines.number();
      if (!Number.isNaN(value)) found.set(name.toLowerCase(), value);
    }
    names = undefined;
  }
  return found;
}
