/** METRICS.md, the documentation that users have, as data: which family a metric is in, what groups get of it, its InfluxDB field. */
import { readFileSync } from 'node:fs';

/**
 * From family to `{ byDefault, dims, metrics: [{ metric, labels, kind, groups, field }], ratios: [stem] }`; `groups` is a list of words.
 */
export function readMetrics(file) {
  const families = new Map();
  let family;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const heading = /^## (\w+)( \(off\))?$/.exec(line);
    if (heading) {
      family = { byDefault: heading[2] === undefined, dims: [], metrics: [], ratios: [] };
      families.set(heading[1], family);
    }
    if (family === undefined) continue;
    const dims = /One row for each (.*)\.$/.exec(line);
    if (dims) family.dims = [...dims[1].matchAll(/`(\w+)`/g)].map(([, name]) => name);
    const ratio = /^- `<level>_(\w+)`/.exec(line);
    if (ratio) family.ratios.push(ratio[1]);
    const row = /^\| `(\w+)(\{.*?\})?` \| (\w+) \| [^|]* \| ([^|]*) \| `(\w+)` \|/.exec(line);
    if (!row) continue;
    const [, metric, inside = '', kind, groups, field] = row;
    const labels = Object.fromEntries([...inside.matchAll(/(\w+)="(.*?)"/g)].map(([, name, value]) => [name, value]));
    family.metrics.push({ metric, labels, kind, groups: groups === '–' ? [] : groups.split(', '), field });
  }
  for (const [name, { metrics }] of families) if (metrics.length === 0) families.delete(name);
  return families;
}
