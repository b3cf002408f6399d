/** Where no manifest can be read: the parts that are there say themselves what they are. What has been merged since may be there twice, with the same numbers. */
import type { Log } from '../../src/log.ts';
import type { StoreFiles } from './files.ts';
import type { PartEntry, PartKind } from './manifest.ts';
import type { BlockCache } from './part/cache.ts';
import { openPart } from './part/part.ts';

const NAME = /^\d{10}-(single|group|received)-\d+\.part$/;
const HALF_DAY_MS = 43_200_000;

/** In the order in which they were made. */
export function adoptParts({ files, cache, log }: { files: StoreFiles; cache: BlockCache; log: Log }): PartEntry[] {
  const found: PartEntry[] = [];
  for (const name of files.list().sort()) {
    const kind = NAME.exec(name)?.[1] as PartKind | undefined;
    if (kind === undefined) continue;
    try {
      const part = openPart(files, name, cache);
      const { info } = part;
      part.close();
      const isDay = info.resolutionMs > 0 || info.maxMs - info.minMs > HALF_DAY_MS;
      found.push({ ...info, kind, tier: isDay ? 2 : 0, madeMs: info.maxMs });
    } catch (error) {
      log.error({ err: error, file: name }, 'a part of the store cannot be read');
    }
  }
  return found;
}
