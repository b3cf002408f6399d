/** Durations, sizes and addresses as people write them, read into numbers. */

const DURATION_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

const SIZE: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['B', 1],
  ['kB', 1000],
  ['KB', 1000],
  ['MB', 1e6],
  ['GB', 1e9],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
]);

/** `500ms`, `10s`, `1m30s`, `2h` -> milliseconds; undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(number) * (DURATION_MS.get(unit as string) as number);
  }
  return Math.round(total);
}

/** `64MB`, `16 MiB`, `4096` -> bytes; undefined if it is none. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(B|kB|KB|MB|GB|KiB|MiB|GiB|)$/.exec(text);
  if (!match) return undefined;
  return Math.round(Number(match[1]) * (SIZE.get(match[2] as string) as number));
}

/** Where to listen. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:9640`, `[::1]:9640`, `:9640` (every interface), `off` -> undefined. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*):(\d{1,5})$/.exec(text);
  if (!match || Number(match[2]) > 65_535) return undefined;
  const host = (match[1] as string).replace(/^\[|\]$/g, '');
  return { host: host === '' || host === '*' ? '0.0.0.0' : host, port: Number(match[2]) };
}

/** Whether only this machine can reach the address. */
export function isLoopback({ host }: Address): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** An address as it is written: `[::1]:9640`. */
export function hostPort({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The URL under which this machine reaches what listens there: on every interface means on loopback, too. */
export function urlOf(scheme: 'http' | 'https', { host, port }: Address): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${scheme}://${hostPort({ host: reachable, port })}`;
}
