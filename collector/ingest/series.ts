/**
 * The cap on series, per agent and in all. A row of a family costs its number of columns from when it first comes until its agent
 * removes it. Over the cap new rows are refused and counted, of agents over their fair share first, and old ones go on.
 */
import type { Batch, FamilyTable } from '../../src/model/batch.ts';
import type { Family } from '../../src/model/family.ts';
import { mayHave } from '../../src/model/share.ts';
import { countSamples } from '../../src/model/table.ts';
import type { Decoded } from '../../src/wire/decode.ts';

/** A batch without the rows that were refused. */
export interface Admitted {
  readonly batch: Batch;
  /** Samples of the refused rows. */
  readonly refused: number;
}

/** The series of one agent's session. */
export interface NodeSeries {
  admit(decoded: Decoded): Admitted;
  /** Gives all back. */
  close(): void;
}

export interface SeriesCap {
  open(): NodeSeries;
  /** Series held now, over all agents. */
  readonly held: number;
}

export function createSeriesCap({ total, perNode }: { readonly total: number; readonly perNode: number }): SeriesCap {
  let held = 0;
  let holders = 0;

  function open(): NodeSeries {
    /** Per family, by row number: whether the row is held. */
    const families = new Map<Family, Uint8Array>();
    let own = 0;

    const change = (series: number): void => {
      own += series;
      held += series;
    };
    holders++;

    const release = (rows: readonly number[]): void => {
      for (const [family, marks] of families) {
        for (const row of rows) {
          if (!marks[row]) continue;
          marks[row] = 0;
          change(-family.columns.length);
        }
      }
    };

    const close = (): void => {
      families.clear();
      change(-own);
    };

    /** Marks what may be held; answers the places of the rows that may not. */
    const take = ({ shape }: FamilyTable, refs: Uint32Array): Set<number> => {
      const refused = new Set<number>();
      const marks = marksFor(families, shape, refs);
      const cost = shape.columns.length;
      for (let r = 0; r < refs.length; r++) {
        const ref = refs[r] as number;
        if (marks[ref]) continue;
        if (own + cost > perNode || !mayHave({ cap: total, held, own, holders, wish: cost })) refused.add(r);
        else {
          marks[ref] = 1;
          change(cost);
        }
      }
      return refused;
    };

    return {
      admit({ batch, refs, removed, reset }) {
        if (reset) close();
        else release(removed);
        let refused = 0;
        const tables = batch.tables.map((table, i) => {
          const out = take(table, refs[i] as Uint32Array);
          if (out.size === 0) return table;
          const kept = without(table, out);
          refused += countSamples(table) - countSamples(kept);
          return kept;
        });
        return { batch: refused > 0 ? { ...batch, tables } : batch, refused };
      },
      close() {
        close();
        holders--;
      },
    };
  }

  return {
    open,
    get held() {
      return held;
    },
  };
}

/** The family's marks, long enough for all of `refs`. Row numbers are bounded by the wire's limit on rows. */
function marksFor(families: Map<Family, Uint8Array>, family: Family, refs: Uint32Array): Uint8Array {
  let most = 0;
  for (const ref of refs) if (ref > most) most = ref;
  const marks = families.get(family);
  if (marks && marks.length > most) return marks;
  const longer = new Uint8Array(Math.max(64, (most + 1) * 2));
  if (marks) longer.set(marks);
  families.set(family, longer);
  return longer;
}

/** The table without the rows at these places. */
function without(table: FamilyTable, places: ReadonlySet<number>): FamilyTable {
  const { shape, rows, timesMs, values } = table;
  const stay = rows.map((_, r) => r).filter((r) => !places.has(r));
  const kept = new Float64Array(stay.length * shape.columns.length);
  for (let c = 0; c < shape.columns.length; c++) {
    stay.forEach((r, i) => {
      kept[c * stay.length + i] = values[c * rows.length + r] as number;
    });
  }
  return {
    shape,
    rows: stay.map((r) => rows[r] as FamilyTable['rows'][number]),
    timesMs: Float64Array.from(stay, (r) => timesMs[r] as number),
    values: kept,
  };
}
