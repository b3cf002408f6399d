/** What to do when there are no numbers: the server's own words or the system's, and what somebody could try. */
import { PageError } from './read/page.ts';
import type { Reading } from './read/reading.ts';

/** Words in lines: what is wrong, then what to do. */
export function adviceOn(error: unknown, place: string): string {
  const status = error instanceof PageError ? error.status : undefined;
  const { message } = error as Error;
  // The server's answer begins with its address, which is said already.
  const words = message.startsWith(`${place} answered `) ? `it${message.slice(place.length)}` : message;
  return [`cannot read ${place}: ${words}`, ...remedies(status)].join('\n');
}

function remedies(status: number | undefined): string[] {
  if (status === undefined)
    return [
      'To watch this machine, start an agent here: plimsoll agent (or plimsoll run).',
      'To watch another, name its agent or a collector: plimsoll top --url http://host:9641 (agent), http://host:9640 (collector).',
    ];
  if (status === 401 || status === 403)
    return ['It wants a token: set PLIMSOLL_TOKEN, or name the file that holds it with --token_file.'];
  if (status === 404) return ['Name the server without a path: plimsoll top --url http://host:9641.'];
  return [];
}

/** A page that can be read and holds nothing for a table; undefined if it does. */
export function adviceOnEmpty({ sums }: Reading, place: string): string | undefined {
  if (sums.things.size > 0) return undefined;
  return sums.own.length > 0
    ? `${place} has no container, host or group yet: a collector has them when an agent sends and a window has closed.`
    : `${place} answers, but not with an agent’s or a collector’s numbers.\nName one: plimsoll top --url http://host:9641 (agent), http://host:9640 (collector).`;
}
