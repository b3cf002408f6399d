/** `npm run dashboards`: writes every dashboard into the folder given. Files that are no longer made are removed. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allDashboards, textOf } from './all.ts';

const [, , folder = ''] = process.argv;
const made = allDashboards();
for (const [file, dashboard] of made) {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, textOf(dashboard));
}
for (const store of new Set([...made.keys()].map(dirname))) {
  for (const name of readdirSync(join(folder, store)))
    if (name.endsWith('.json') && !made.has(`${store}/${name}`)) rmSync(join(folder, store, name));
}
console.log(`${made.size} dashboards in ${folder}`);
