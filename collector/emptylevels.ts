/**
 * Levels of the configuration that get no group although containers come in: said once, with the remedy. Frames go by here on their way to
 * the sinks. The standard levels are not watched: that a host has no pods is nothing to be said.
 */
import type { Frame } from '../src/model/batch.ts';
import { labelValue } from '../src/model/labels.ts';
import type { Log } from '../src/log.ts';
import { CONTAINER_LEVEL, type LevelDef } from './aggregate/levels.ts';

/** After so many windows with containers. */
export const PATIENCE_WINDOWS = 3;

export interface WatchOptions {
  /** Those that the configuration names. */
  readonly levels: readonly LevelDef[];
  readonly log: Log;
  /** How many times a group was refused for the cap on groups, which has a word of its own. */
  readonly refused: () => number;
}

/** Answers a function that is shown every frame. */
export function watchLevels({ levels, log, refused }: WatchOptions): (frame: Frame) => void {
  const waiting = new Map(levels.map((level) => [level.name, { level, windows: 0 }]));
  return (frame) => {
    if (waiting.size === 0 || !hasContainers(frame)) return;
    for (const { level } of frame.tables) waiting.delete(level);
    for (const [name, empty] of waiting) {
      empty.windows++;
      if (empty.windows < PATIENCE_WINDOWS) continue;
      waiting.delete(name);
      if (refused() === 0) say(log, empty.level);
    }
  };
}

/** Units and hosts have no name. */
function hasContainers({ tables }: Frame): boolean {
  return tables.some(
    ({ level, rows }) =>
      level === CONTAINER_LEVEL && rows.some(({ labels }) => labelValue(labels, 'name') !== undefined),
  );
}

function say(log: Log, { name, by }: LevelDef): void {
  const labels = by.flatMap(({ from, or }) => (or === undefined ? [from] : [`${from} (or ${or})`])).join(' and ');
  log.warn(
    { level: name, windows: PATIENCE_WINDOWS },
    `the level ${name} has no group: no container has ${labels}. Agents send the labels that their agent.labels lets through: add it there on every host, or mend collector.levels.${name}.by`,
  );
}
