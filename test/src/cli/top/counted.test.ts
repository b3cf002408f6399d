/** The table of `plimsoll run` has one number for all devices of a container: what lies inside another is in it once. */
import { expect, test } from 'vitest';
import { diskio } from '../../../../src/catalog/diskio.ts';
import { samplesOf } from '../../../../src/cli/top/read/ownreading.ts';
import { TableBuilder } from '../../../../src/model/builder.ts';
import { labels } from '../../../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../../../src/model/table.ts';

test('of a disk and the volume on it, or an interface and the tunnel over it, the table takes one; of a nested container what there is', () => {
  const entity = (key: string) => ({ key, kind: 'container', startMs: 0, labels: labels([['id', key]]) }) as const;
  const builder = new TableBuilder<typeof diskio, EntityRow>(diskio);
  const web = entity('web');
  const device = (name: string) => labels([['device', name]]);
  const rows = [
    entityRow(web, device('vda')),
    entityRow(web, device('dm-0'), true),
    entityRow(entity('inner'), device('vda'), true),
  ];
  for (const row of rows) {
    builder.add(row, 0);
    builder.set(diskio.at.readBytes, 5);
  }
  const samples = samplesOf({ node: 'n', session: 's', seq: 1, timeMs: 0, tables: [builder.build()] });
  expect([...samples].map((sample) => [...sample.labels.values(), sample.value])).toEqual([
    ['vda', 'web', 5],
    ['vda', 'inner', 5],
  ]);
});
