/** The machine's whole disks as rows of the families `diskio` and `disk`. */
import { diskio } from '../../src/catalog/diskio.ts';
import { disk } from '../../src/catalog/hostdisk.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import type { EntityRow } from '../../src/model/table.ts';
import { addCells, builderOf } from '../kernel/cells.ts';
import { type DiskLine, SECTOR_BYTES } from '../kernel/diskstats.ts';

/** `rowOf` names a device by its path, as the rows of containers do. */
export function diskTables(
  disks: readonly DiskLine[],
  timeMs: number,
  rowOf: (line: DiskLine) => EntityRow | undefined,
): FamilyTable[] {
  const shared = builderOf(diskio);
  const own = builderOf(disk);
  for (const line of disks) {
    const row = rowOf(line);
    if (!row) continue;
    addCells(
      shared,
      { row, timeMs },
      {
        readBytes: line.sectorsRead * SECTOR_BYTES,
        writeBytes: line.sectorsWritten * SECTOR_BYTES,
        reads: line.reads,
        writes: line.writes,
        discardBytes: line.sectorsDiscarded * SECTOR_BYTES,
        discards: line.discards,
        readsMerged: line.readsMerged,
        writesMerged: line.writesMerged,
        readTime: line.readSeconds,
        writeTime: line.writeSeconds,
        queued: line.current,
      },
    );
    addCells(
      own,
      { row, timeMs },
      {
        ioTime: line.ioSeconds,
        ioTimeWeighted: line.ioWeightedSeconds,
        sectorReads: line.sectorsRead,
        sectorWrites: line.sectorsWritten,
      },
    );
  }
  return [shared.build(), own.build()];
}
