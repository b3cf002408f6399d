/**
 * Where a request carries the token: `Authorization: Bearer <token>`. Routes that others' senders use take it as those can send it, too: as
 * `Token <token>`, as the password of a user of any name, or as `p` in the address, as InfluxDB's clients do.
 */
import type { FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The token may come in every form that senders of others have. */
    othersCredentials?: boolean;
  }
}

/** `is` tells whether a text is the token. */
export function carriesToken(request: FastifyRequest, is: (given: string) => boolean): boolean {
  const given = request.headers.authorization ?? '';
  const bearer = tokenAfter('bearer', given);
  if (bearer !== undefined) return is(bearer);
  if (!request.routeOptions.config.othersCredentials) return false;
  const others = [tokenAfter('token', given), passwordIn(given), passwordInAddress(request.url)];
  return others.some((one) => one !== undefined && is(one));
}

/** The scheme's name may be written in any case. */
function tokenAfter(scheme: string, header: string): string | undefined {
  const [, name, token] = /^(\S+) +(\S+) *$/.exec(header) ?? [];
  return name?.toLowerCase() === scheme ? token : undefined;
}

function passwordIn(header: string): string | undefined {
  const basic = tokenAfter('basic', header);
  if (basic === undefined) return undefined;
  const login = Buffer.from(basic, 'base64').toString('utf8');
  return login.includes(':') ? login.slice(login.indexOf(':') + 1) : undefined;
}

function passwordInAddress(url: string): string | undefined {
  const at = url.indexOf('?');
  return at < 0 ? undefined : (new URLSearchParams(url.slice(at)).get('p') ?? undefined);
}
