/**
 * The names that a server answers to. A page of another site, in the browser of somebody on this machine, reaches a loopback address under
 * a name of its own (DNS rebinding): without a token only loopback's own names are answered, and names that the configuration lists.
 */
import { isLoopback } from '../config/units.ts';

export interface NamesOptions {
  /** Neither a token nor client certificates are asked for. */
  readonly open: boolean;
  /** Further names, from the configuration; once there are some, only they and loopback's are answered, token or not. */
  readonly allowed: readonly string[];
}

/** `host` is the request's header, `name`, `name:port` or `[::1]:port`; only HTTP/1.0 may come without. */
export function isAnswered(host: string | undefined, { open, allowed }: NamesOptions): boolean {
  if (host === undefined || (!open && allowed.length === 0)) return true;
  const name = nameOf(host);
  return isLoopback({ host: name, port: 0 }) || allowed.some((one) => nameOf(one) === name);
}

/** Without port, brackets, a last dot, in small letters. */
function nameOf(host: string): string {
  const bare = /^\[([^\]]*)\](:\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d+$/, '');
  return bare.replace(/\.$/, '').toLowerCase();
}
