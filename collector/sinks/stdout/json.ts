/** Rows as lines of JSON: `{"time":…,"measurement":…,"labels":{…},"fields":{…}}`, with `"again":true` at the end of those that may have come before. Made as text, since label names are foreign. */
import type { LevelTable } from '../../../src/model/batch.ts';
import { pairsOf } from '../../../src/model/labels.ts';

export interface JsonLine {
  /** With its newline. */
  readonly text: string;
  /** How many numbers it carries. */
  readonly samples: number;
}

/** A line for every row that has a number. Time is ISO 8601 in UTC, fields are named as in InfluxDB. `again` marks what may have come before. */
export function* jsonLines(tables: Iterable<LevelTable>, again = false): Generator<JsonLine> {
  const tail = again ? '},"again":true}\n' : '}}\n';
  for (const table of tables) {
    const head = `","measurement":${JSON.stringify(table.shape.measurement)},"level":${JSON.stringify(table.level)},"labels":{`;
    const names = table.shape.columns.map((column) => `${JSON.stringify(column.field)}:`);
    for (const [r, row] of table.rows.entries()) {
      const fields: string[] = [];
      for (const [c, name] of names.entries()) {
        const value = table.values[c * table.rows.length + r] as number;
        if (Number.isFinite(value)) fields.push(name + value);
      }
      if (fields.length === 0) continue;
      const labels = Array.from(
        pairsOf(row.labels),
        ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
      );
      const time = new Date(table.timesMs[r] as number).toISOString();
      yield {
        text: `{"time":"${time}${head}${labels.join(',')}},"fields":{${fields.join(',')}${tail}`,
        samples: fields.length,
      };
    }
  }
}
