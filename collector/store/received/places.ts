/** Where series of others are in the open head, and whether there is room for more of them. */
import type { Loose } from '../head/loose.ts';
import { RECEIVED_LEVEL } from '../life/tables.ts';
import type { KnownSeries } from './known.ts';
import { type Infos, type Place, placeIn, type Room, tableKey } from './taking.ts';

export interface Heads {
  readonly open: Loose;
  readonly frozen: readonly Loose[];
}

export class Places {
  readonly #heads: () => Heads;
  readonly #infos: Infos;
  #places = new Map<KnownSeries, Place>();

  constructor(heads: () => Heads, infos: Infos) {
    this.#heads = heads;
    this.#infos = infos;
  }

  /** The head that they are in is sealed. */
  forget(): void {
    this.#places = new Map();
  }

  /** Made if it is not there. */
  of(known: KnownSeries): Place {
    let place = this.#places.get(known);
    if (place === undefined) {
      place = placeIn(this.#heads().open, known, this.#infos);
      this.#places.set(known, place);
    }
    return place;
  }

  /** Of series in memory, those of the open head alone can become more. */
  room(): Room {
    const { open, frozen } = this.#heads();
    const added = new Set<string>();
    const there = (known: KnownSeries): boolean => [open, ...frozen].some((loose) => has(loose, known));
    const count = receivedRows(open);
    return {
      admits: (known, most) => {
        if (this.#places.has(known) || there(known)) return true;
        const key = `${tableKey(known.metric)} ${known.row.key}`;
        if (added.has(key)) return true;
        if (count + added.size >= most) return false;
        added.add(key);
        return true;
      },
    };
  }
}

function has(loose: Loose, { metric, row }: KnownSeries): boolean {
  return loose.find(tableKey(metric))?.rows.has(row.key) ?? false;
}

function receivedRows(loose: Loose): number {
  return loose.tables.reduce((sum, { level, rows }) => sum + (level === RECEIVED_LEVEL ? rows.size : 0), 0);
}
