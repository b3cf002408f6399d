/** An answer as CSV: a line for each sample, with its time, its value and each label that any series has. For spreadsheets and scripts. */
import type { Result } from './answer.ts';
import { exact } from './numbers.ts';

export function* csvOf({ type, lines, text }: Result): Generator<string> {
  if (type === 'string') {
    yield `value\n${field(text)}\n`;
    return;
  }
  const names = [...new Set(lines.flatMap(({ labels }) => [...labels.keys()]))].sort();
  yield `${['time', 'value', ...names].map(field).join(',')}\n`;
  for (const { labels, points } of lines) {
    const own = names.map((name) => `,${field(labels.get(name) ?? '')}`).join('');
    for (const [ms, value] of points) yield `${new Date(ms).toISOString()},${exact(value)}${own}\n`;
  }
}

/** RFC 4180. What a spreadsheet would take for a formula is marked as text: names of containers are anybody's. */
function field(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
