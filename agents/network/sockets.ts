/**
 * Sources over the socket tables of network namespaces (/proc/<pid>/net/tcp and the like). Each is read off the main thread
 * within a budget of time for the whole tick; a table that it does not suffice for is left out and counted.
 */
import { join } from 'node:path';
import type { Family } from '../../src/model/family.ts';
import type { Source } from '../source.ts';
import { addCells, builderOf, type Cells } from '../kernel/cells.ts';
import { Losses } from '../kernel/losses.ts';
import { type NamespaceOptions, type Owned, ownedNamespaces } from './namespaces.ts';
import { type PiecesOptions, readPieces } from '../kernel/pieces.ts';
import { Rows } from '../kernel/rows.ts';

export interface SocketOptions extends NamespaceOptions {
  /** How long one tick's tables may take together, in milliseconds. */
  readonly budgetMs?: number;
}

export interface SocketSource extends Source {
  /** `budget`, `read_error`. */
  readonly losses: ReadonlyMap<string, number>;
}

/** Counts what the pieces of one table hold. */
export interface Tally<K extends string> {
  take(piece: Buffer): void;
  cells(): Cells<K>;
}

export interface SocketTables<K extends string> {
  readonly name: string;
  readonly family: Family<K>;
  /** By file below /proc/<pid>/net. */
  readonly tables: Readonly<Record<string, () => Tally<K>>>;
}

const BUDGET_MS = 2000;

export function createSocketSource<K extends string>(what: SocketTables<K>, options: SocketOptions): SocketSource {
  const { procRoot, clock, budgetMs = BUDGET_MS } = options;
  const rows = new Rows();
  const losses = new Losses();

  async function cellsOf({ pid }: Owned, pieces: PiecesOptions): Promise<Cells<K> | undefined> {
    let found: Cells<K> | undefined;
    for (const [file, tally] of Object.entries(what.tables)) {
      const counts = tally();
      const path = join(procRoot, String(pid), 'net', file);
      const result = await readPieces(path, (piece) => counts.take(piece), pieces);
      if (result === 'whole') found = { ...found, ...counts.cells() } as Cells<K>;
      else if (result === 'late') losses.count('budget');
    }
    return found;
  }

  return {
    name: what.name,
    losses: losses.counts,
    async read({ signal }) {
      const builder = builderOf(what.family);
      const pieces = { clock, signal, untilMs: clock.monotonic() + budgetMs };
      let failure: unknown;
      for (const owned of ownedNamespaces(options)) {
        try {
          const cells = await cellsOf(owned, pieces);
          const row = cells && rows.of(owned.entity);
          if (row) addCells(builder, { row, timeMs: clock.now() }, cells);
        } catch (error) {
          signal.throwIfAborted();
          failure = error;
          losses.count('read_error');
        }
      }
      rows.sweep();
      if (builder.size === 0 && failure !== undefined)
        throw new Error('no socket table could be read', { cause: failure });
      return [builder.build()];
    },
    async close() {},
  };
}
