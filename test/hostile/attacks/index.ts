/** All attacks there are; a new one is a row here. */
import type { Attack } from '../attack.ts';
import { bombs, dictionaries, mutants, newNodes, repeatedRows } from './batches.ts';
import { crumbs, trickle, unfinished } from './bodies.ts';
import { idle, slowHeaders } from './connections.ts';
import { strangers } from './names.ts';
import { largeForms, manyQueries, unreadStreams } from './queries.ts';
import { unread, unreadAhead } from './unread.ts';

export const ATTACKS: readonly Attack[] = [
  unreadAhead,
  unread,
  idle,
  slowHeaders,
  crumbs,
  unfinished,
  trickle,
  dictionaries,
  repeatedRows,
  bombs,
  newNodes,
  mutants,
  strangers,
  manyQueries,
  largeForms,
  unreadStreams,
];
