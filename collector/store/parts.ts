/** The parts of the manifest, open, as places to ask; those that cannot be read are set aside and counted. */
import type { Log } from '../../src/log.ts';
import type { StoreFiles } from './files.ts';
import type { Layer } from './layer.ts';
import type { PartEntry } from './manifest.ts';
import type { BlockCache } from './part/cache.ts';
import { openPart, type PartReader } from './part/part.ts';

export interface OpenedPart extends PartEntry {
  readonly part: PartReader;
}

export const ASIDE = '.damaged';

/** Opens a part; undefined if it is set aside. */
export function openEntry(
  entry: PartEntry,
  { files, cache, log }: { readonly files: StoreFiles; readonly cache: BlockCache; readonly log: Log },
): OpenedPart | undefined {
  try {
    return { ...entry, part: openPart(files, entry.name, cache) };
  } catch (error) {
    log.error(
      { err: error, file: entry.name, samples: entry.samples },
      'a part of the store cannot be read and is set aside; what else there is is served',
    );
    setAside(files, entry.name, log);
    return undefined;
  }
}

function setAside(files: StoreFiles, name: string, log: Log): void {
  try {
    if (files.list().includes(name)) files.rename(name, name + ASIDE);
  } catch (error) {
    log.warn({ err: error, file: name }, 'the damaged part could not be renamed');
  }
}

/** The number in a part's name: those made later have larger ones. */
export function partNumber(name: string): number {
  return Number.parseInt(name, 10);
}

export function partName(number: number, kind: string, resolutionMs: number): string {
  return `${String(number).padStart(10, '0')}-${kind}-${resolutionMs / 1000}.part`;
}

export function partLayer({ part, minMs, maxMs }: OpenedPart): Layer {
  return {
    minMs,
    maxMs,
    select: (selection) => part.select(selection, true),
    labelNames: (matchers) => part.labelNames(matchers),
    labelValues: (label, matchers) => part.labelValues(label, matchers),
    labelSets: (matchers) => part.labelSets(matchers),
    metadata: () => part.metadata(),
  };
}
