/** A level of the configuration that gets no group: the collector says so once, after three windows with containers. */
import { expect, test } from 'vitest';
import { watchLevels } from '../../collector/emptylevels.ts';
import type { Frame } from '../../src/model/batch.ts';
import { frame, table } from '../support/tables.ts';
import { talkingLog } from '../support/talkinglog.ts';

const LEVEL = { name: 'team', by: [{ as: 'team', from: 'container_label_team' }] };
const WORDS =
  'the level team has no group: no container has container_label_team. Agents send the labels that their agent.labels lets through: ' +
  'add it there on every host, or mend collector.levels.team.by';

const containers = table({ columns: ['container_v'], rows: [[{ name: 'web', node: 'n' }, [1]]] });
const host = table({ columns: ['container_v'], rows: [[{ id: '/', node: 'n' }, [1]]] });
const team = table({ level: 'team', columns: ['team_v'], rows: [[{ team: 't' }, [1]]] });
const node = table({ level: 'node', columns: ['node_v'], rows: [[{ node: 'n' }, [1]]] });

function said(frames: readonly Frame[], refused = 0): string[] {
  const log = talkingLog();
  const watch = watchLevels({ levels: [LEVEL], log, refused: () => refused });
  for (const each of frames) watch(each);
  return log.warned;
}

const times = (count: number, one: Frame): Frame[] => Array.from({ length: count }, () => one);

test.each([
  ['two windows are too few', times(2, frame([containers, node])), []],
  ['three are enough, and it is said once', times(10, frame([containers, node])), [WORDS]],
  ['windows without a container do not count', times(10, frame([host, node])), []],
  ['empty windows do not count', times(10, frame([])), []],
  ['a level that had a group once has its label', [frame([containers, team]), ...times(9, frame([containers]))], []],
  [
    'a group that comes late',
    [...times(2, frame([containers])), frame([containers, team]), ...times(5, frame([containers]))],
    [],
  ],
])('%s', (_what, frames, words) => {
  expect(said(frames)).toEqual(words);
});

test('groups that were refused for the cap are another matter', () => {
  expect(said(times(5, frame([containers])), 1)).toEqual([]);
});
