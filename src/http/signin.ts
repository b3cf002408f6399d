/**
 * Signing in with a browser, where a token is set: the token comes in by a form, and a cookie that proves it goes out, which scripts cannot read
 * and other sites cannot send. The cookie is no token: it opens nothing once the token is another, and only what is read.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { POLICY, signInHtml } from './page.ts';
import { noSniff } from './pageroute.ts';

const COOKIE = 'plimsoll';
export const SIGN_IN = '/sign-in';
export const SIGN_OUT = '/sign-out';
/** A token, percent-encoded, and its field's name. */
const MAX_FORM_BYTES = 16 * 1024;
/** A month, in seconds. */
const MAX_AGE = 30 * 24 * 3600;

export interface SignInOptions {
  /** The digest of the token that is asked for at the moment; undefined where none is. */
  readonly wanted: () => Buffer | undefined;
  /** Over TLS the cookie is for TLS alone. */
  readonly secure: boolean;
  readonly onRefused: () => void;
}

/** What a token is compared by: digests have one length, so that the comparison tells nothing about the token's. */
export function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Whether a request for reading carries the cookie of somebody who has signed in. */
export function isSignedIn({ method, headers }: FastifyRequest, wanted: Buffer): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const proof = Buffer.from(proofOf(wanted));
  return cookies(headers.cookie ?? '').some((value) => {
    const given = Buffer.from(value);
    return given.length === proof.length && timingSafeEqual(given, proof);
  });
}

export function signInRoutes(app: FastifyInstance, { wanted, secure, onRefused }: SignInOptions): void {
  app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: MAX_FORM_BYTES },
      (_request, body, done) => done(null, new URLSearchParams(body as string)),
    );
    scope.post(SIGN_IN, async (request, reply) => {
      const token = (request.body as URLSearchParams | undefined)?.get('token')?.trim() ?? '';
      const now = wanted();
      if (now && !timingSafeEqual(digest(token), now)) {
        onRefused();
        return signInPage(
          request,
          reply,
          'That is not the token. It is what the configuration names by token or token_file.',
        );
      }
      const cookie = now ? `${COOKIE}=${proofOf(now)}; Path=/; Max-Age=${MAX_AGE}; ${attributes(secure)}` : undefined;
      if (cookie) reply.header('set-cookie', cookie);
      return back(request, reply);
    });
    scope.post(SIGN_OUT, async (request, reply) =>
      back(request, reply.header('set-cookie', `${COOKIE}=; Path=/; Max-Age=0; ${attributes(secure)}`)),
    );
  });
}

/** For a browser that has not signed in, or whose cookie is of another token. */
export function signInPage(request: FastifyRequest, reply: FastifyReply, words = ''): FastifyReply {
  return noSniff(reply)
    .code(401)
    .header('content-security-policy', POLICY.replace("form-action 'none'", "form-action 'self'"))
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(signInHtml({ action: `.${SIGN_IN}${queryOf(request)}`, again: `./${queryOf(request)}`, words }));
}

function attributes(secure: boolean): string {
  return `HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
}

/** To where they were: what the page shows is in its address. */
function back(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply
    .code(303)
    .header('location', `./${queryOf(request)}`)
    .send();
}

function queryOf({ url }: FastifyRequest): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at);
}

/** The token's digest is not told: who has it could compare tokens with it. */
function proofOf(wanted: Buffer): string {
  return createHmac('sha256', wanted).update('signed in at the page').digest('base64url');
}

function cookies(header: string): string[] {
  return header.split(';').flatMap((pair) => {
    const [name = '', value = ''] = pair.split('=').map((part) => part.trim());
    return name === COOKIE ? [value] : [];
  });
}
