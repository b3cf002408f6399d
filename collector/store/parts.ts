/** The parts of the manifest, open, as places to ask; those that cannot be read are set aside and counted. */
import type { Log } from '../../src/log.ts';
import type { StoreFiles } from './files.ts';
import type { Layer } from './layer.ts';
import type { PartEntry } from './manifest.ts';
import type { BlockCache } from './part/cache.ts';
import { PartDamage, PartVersion } from './part/damage.ts';
import { openPart, type PartReader } from './part/part.ts';

export interface OpenedPart extends PartEntry {
  readonly part: PartReader;
}

export const ASIDE = '.damaged';

/** Opens a part. `lost`: it is damaged, and set aside, or not there; `later`: the system does not let us just now, or a later version has written it. */
export function openEntry(
  entry: PartEntry,
  { files, cache, log }: { readonly files: StoreFiles; readonly cache: BlockCache; readonly log: Log },
): OpenedPart | 'lost' | 'later' {
  try {
    return { ...entry, part: openPart(files, entry.name, cache) };
  } catch (error) {
    const isDamaged = error instanceof PartDamage && !(error instanceof PartVersion);
    const isLost = isDamaged || (error as NodeJS.ErrnoException).code === 'ENOENT';
    log.error(
      { err: error, file: entry.name, samples: entry.samples },
      `a part of the store cannot be read${isDamaged ? ' and is set aside' : ''}; what else there is is served`,
    );
    if (isDamaged) setAside(files, entry.name, log);
    return isLost ? 'lost' : 'later';
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

/** A part as a place to ask; of what cannot be read in it `onDamage` is told, and the rest is answered. */
export function partLayer(
  { part, minMs, maxMs, name }: OpenedPart,
  onDamage: (name: string, error: PartDamage) => void,
): Layer {
  /** Goes through as far as it can be read. */
  function* whole<T>(all: () => Iterable<T>): Generator<T> {
    try {
      yield* all();
    } catch (error) {
      if (!(error instanceof PartDamage)) throw error;
      onDamage(name, error);
    }
  }

  return {
    minMs,
    maxMs,
    *select(selection) {
      for (const series of whole(() => part.select(selection, true))) {
        yield {
          labels: series.labels,
          append(into) {
            try {
              series.append(into);
            } catch (error) {
              if (!(error instanceof PartDamage)) throw error;
              onDamage(name, error);
            }
          },
        };
      }
    },
    labelNames: (matchers) => whole(() => part.labelNames(matchers)),
    labelValues: (label, matchers) => whole(() => part.labelValues(label, matchers)),
    labelSets: (matchers) => whole(() => part.labelSets(matchers)),
    metadata: () => whole(() => part.metadata()),
  };
}
