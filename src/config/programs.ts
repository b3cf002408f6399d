/**
 * Which program has which key. A file may hold the keys of all, since one file serves an agent and its collector; a flag or a variable that
 * the program would not look at is refused, because whoever set it believes that it does something.
 */

/** `plimsoll run` is agent and collector in one process; it needs no way from one to the other. */
export type Program = 'run' | 'agent' | 'collector' | 'top' | 'query';

const OWNERS: readonly (readonly [prefix: string, programs: readonly Program[]])[] = [
  ['agent.push.', ['agent']],
  ['agent.listen', ['run', 'agent', 'top']],
  ['agent.', ['run', 'agent']],
  ['collector.listen', ['run', 'collector', 'top', 'query']],
  ['collector.', ['run', 'collector']],
  ['receive.', ['run', 'collector']],
  ['query.', ['run', 'collector']],
  ['metrics_api.', ['run', 'collector']],
  ['store.', ['run', 'collector']],
  ['sinks.', ['run', 'collector']],
  ['cluster', ['run', 'collector']],
  ['node', ['run', 'agent']],
  ['data_dir', ['run', 'agent', 'collector']],
  ['allowed_hosts', ['run', 'agent', 'collector']],
  ['log.', ['run', 'agent', 'collector']],
];

const ALL: readonly Program[] = ['run', 'agent', 'collector', 'top', 'query'];

export function programsOf(path: string): readonly Program[] {
  return OWNERS.find(([prefix]) => path.startsWith(prefix))?.[1] ?? ALL;
}

/** What to say of a key that is another program's; undefined if it is the program's own. */
export function foreignTo(program: Program | undefined, path: string): string | undefined {
  const owners = programsOf(path);
  if (program === undefined || owners.includes(program)) return undefined;
  const others = owners.map((owner) => `plimsoll ${owner}`).join(' and ');
  return `${path} is a key of ${others}; plimsoll ${program} would not look at it (a file may hold the keys of all)`;
}
