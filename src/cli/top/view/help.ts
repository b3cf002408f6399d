/** The help: every key, what the columns mean, and what the start has said. Pure. */
import type { Model } from '../numbers/model.ts';
import type { About } from './header.ts';
import { cutLine, type Line, line, piece } from './line.ts';
import { plain } from './text.ts';

const KEYS: readonly (readonly [keys: string, words: string])[] = [
  ['↑ ↓  j k', 'choose a row'],
  ['PgUp PgDn  Home End', 'a page, to the first, to the last'],
  ['Enter', 'one container in detail; a group: its containers; again or Esc: back'],
  ['← →', 'columns for which there is no room'],
  ['s S', 'sort by the next column, the one before'],
  ['c m n d N', 'sort by CPU, memory, network, disk, name; again: reversed'],
  ['r', 'reverse the order'],
  ['/', 'show what has these words in name, service, host, image or state'],
  ['g', 'group by service, by host, not at all'],
  ['a', 'all, or those that run'],
  ['p', 'hold: the numbers stand still'],
  ['Esc', 'leave the group, the filter'],
  ['Ctrl-L', 'draw everything anew'],
  ['q  Ctrl-C', 'quit'],
];

const COLUMNS: readonly (readonly [title: string, words: string])[] = [
  ['CPU %', 'of one core: two cores busy are 200'],
  ['LIM %', 'CPU used of the CPU limit'],
  ['THR %', 'of its periods, those in which the CPU limit stopped it'],
  ['MEM', 'working set; K, M, G are 1024, 1024², 1024³'],
  ['MEM %', 'working set of the memory limit; of a group, its worst member'],
  ['NET, READ, WRITE', 'bytes in each second'],
  ['WAIT %', 'of each second, how long it waited for CPU, memory or io (PSI): the worst'],
  ['RST', 'restarts by the restart policy'],
  ['curves', 'two minutes; full is the limit, without one the highest that is shown'],
];

/** All of it; the screen shows as many lines as it has. */
export function helpLines(model: Model | undefined, { trouble, words }: About, columns: number): Line[] {
  const troubles = [...trouble, ...(model?.trouble ?? [])];
  const lines = [
    line('KEYS', 'strong'),
    ...KEYS.map(pair),
    line(''),
    line('COLUMNS', 'strong'),
    ...COLUMNS.map(pair),
    ...(troubles.length > 0
      ? [line(''), line('TROUBLE', 'strong'), ...troubles.map((each) => line(plain(each), 'bad'))]
      : []),
    ...(words.length > 0 ? [line(''), line('THIS PROGRAM', 'strong'), ...words.map((each) => line(plain(each)))] : []),
  ];
  return lines.map((each) => cutLine(each, columns));
}

function pair([left, right]: readonly [string, string]): Line {
  return [piece(`  ${left.padEnd(21)}`), piece(right, 'faint')];
}
