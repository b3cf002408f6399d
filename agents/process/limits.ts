/** The text of /proc/<pid>/limits: the soft limits that are worth a series. */

/** The kernel's name of a limit and ours. Sizes are in bytes, the rest are counts. */
const LIMITS: ReadonlyMap<string, string> = new Map([
  ['Max open files', 'max_open_files'],
  ['Max processes', 'max_processes'],
  ['Max locked memory', 'max_locked_memory'],
  ['Max core file size', 'max_core_file_size'],
]);

/** `Max open files            1024                 524288               files     ` */
const LIMIT = /^(Max [a-z ]+?) {2,}(\d+|unlimited) +(?:\d+|unlimited)\b/;

/** By our name; an unlimited one is left out, since no number says it. */
export function parseLimits(bytes: Buffer): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of bytes.toString('latin1').split('\n')) {
    const match = LIMIT.exec(line);
    const name = match && LIMITS.get(match[1] as string);
    if (name && match[2] !== 'unlimited') found.set(name, Number(match[2]));
  }
  return found;
}
