/** Which tables of a frame a sink is told to take: a list of levels, or all of them. */
import type { Frame, LevelTable } from '../../src/model/batch.ts';
import { countSamples } from '../../src/model/table.ts';

export interface Selection {
  /** The tables to take, in the frame's order. */
  tables(frame: Frame): readonly LevelTable[];
  /** How many numbers they hold. */
  samples(frame: Frame): number;
}

/** Takes the levels for which `takes` says so; all levels if there is no such function. */
export function selectLevels(takes: ((level: string) => boolean) | undefined): Selection {
  if (!takes) return { tables: (frame) => frame.tables, samples: (frame) => frame.samples };
  const tables = (frame: Frame): LevelTable[] => frame.tables.filter((table) => takes(table.level));
  return {
    tables,
    samples: (frame) => tables(frame).reduce((sum, table) => sum + countSamples(table), 0),
  };
}

/** The same from a list of names; undefined is all. */
export function selectNamed(levels: readonly string[] | undefined): Selection {
  const named = levels && new Set(levels);
  return selectLevels(named && ((level) => named.has(level)));
}

/** For sinks that take all levels unless told, but for the single containers: those if they are named, or asked for besides. */
export function withoutContainers(
  levels: readonly string[] | undefined,
  containers: boolean,
): (level: string) => boolean {
  return (level) => (level === 'container' && containers ? true : (levels?.includes(level) ?? level !== 'container'));
}
