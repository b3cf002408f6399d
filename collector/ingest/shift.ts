/**
 * Batches of an agent whose clock is off, put into our time: when rows were read and when things started. Rows stay the same objects while
 * they say the same, because the aggregation hangs its state on them.
 */
import type { Batch, FamilyTable } from '../../src/model/batch.ts';
import { type Entity, type EntityRow, entityRow } from '../../src/model/table.ts';

/** `offsetMs`: the agent's clock minus ours. */
export function shifter(offsetMs: number): (batch: Batch) => Batch {
  if (offsetMs === 0) return (batch) => batch;
  const entities = new WeakMap<Entity, Entity>();
  const rows = new WeakMap<EntityRow, EntityRow>();

  function entityOf(entity: Entity): Entity {
    // Where it is not known when it started, that stays so.
    if (entity.startMs === 0) return entity;
    const known = entities.get(entity) ?? { ...entity, startMs: entity.startMs - offsetMs };
    entities.set(entity, known);
    return known;
  }

  function rowOf(row: EntityRow): EntityRow {
    let shifted = rows.get(row);
    if (shifted === undefined) {
      const entity = entityOf(row.entity);
      shifted = entity === row.entity ? row : entityRow(entity, row.dims, row.shownOnly);
      rows.set(row, shifted);
    }
    return shifted;
  }

  const tableOf = (table: FamilyTable): FamilyTable => ({
    ...table,
    rows: table.rows.map(rowOf),
    timesMs: table.timesMs.map((timeMs) => timeMs - offsetMs),
  });
  return (batch) => ({
    ...batch,
    timeMs: batch.timeMs - offsetMs,
    clockOffsetMs: offsetMs,
    tables: batch.tables.map(tableOf),
  });
}
