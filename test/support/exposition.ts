/**
 * Text for tests: tables written as sorted exposition lines, and lines of that kind read back. Independent of the program's own
 * writer, and as short as it gets: no HELP, no TYPE, no times.
 */
import { type Labels, labels, type LabelPair, pairsOf } from '../../src/model/labels.ts';
import type { Table } from '../../src/model/table.ts';

/** Every number of the tables as `name{label="value"} number`, sorted. */
export function expositionLines(tables: readonly Table[]): string[] {
  const lines: string[] = [];
  for (const { shape, rows, values } of tables) {
    shape.columns.forEach((column, c) => {
      rows.forEach((row, r) => {
        const value = values[c * rows.length + r] as number;
        if (!Number.isNaN(value))
          lines.push(line(column.metric, labels([...column.labels, ...pairsOf(row.labels)]), value));
      });
    });
  }
  return lines.sort();
}

/** One line of the form above, its labels in any order, as `expositionLines` would write it. */
export function canonicalLine(text: string): string {
  const match = /^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)$/.exec(text.trim());
  if (match === null) throw new Error(`not a series and a number: ${text}`);
  return line(match[1] as string, parseLabels(match[2] ?? '{}'), Number(match[3]));
}

/** `{a="b",c="d"}` as labels. Values may not hold a quote. */
export function parseLabels(text: string): Labels {
  const pairs: LabelPair[] = [];
  const inside = text.trim().replace(/^\{/, '').replace(/\}$/, '');
  for (const [, name, value] of inside.matchAll(/([a-zA-Z_]\w*)="([^"]*)"/g))
    pairs.push([name as string, value as string]);
  return labels(pairs);
}

function line(metric: string, set: Labels, value: number): string {
  const inside = [...pairsOf(set)].map(([name, text]) => `${name}="${text}"`).join(',');
  // Twelve digits: sums of decimal fractions are not exact in binary.
  return `${metric}${inside === '' ? '' : `{${inside}}`} ${Number(value.toPrecision(12))}`;
}
