/** Why a server that we ask does not answer, as far as the error tells what somebody could do about it. */

/** What to add to the error's own words, beginning with a colon or a semicolon; empty if there is nothing to say. */
export function remedyFor(error: unknown, url: string): string {
  const codes = codesOf(error);
  const secure = /^https:/i.test(url);
  if (codes.some((code) => NO_TLS.test(code))) return '; it does not speak TLS: use http:// instead of https://';
  if (!secure && codes.some((code) => CLOSED.test(code)))
    return '; it closed the connection without an answer: if it speaks TLS, use https:// instead of http://';
  if (codes.some((code) => NOT_HTTP.test(code))) return '; what answers there does not speak HTTP: is the port right?';
  if (codes.some((code) => UNTRUSTED.test(code)))
    return '; its certificate is signed by nobody who is trusted here: name the file with its authority (tls.ca)';
  if (codes.includes('CERT_HAS_EXPIRED')) return '; its certificate has expired';
  if (codes.includes('ERR_TLS_CERT_ALTNAME_INVALID'))
    return '; its certificate is for another name than the one in the address';
  return WORDS.find(([code]) => codes.includes(code))?.[1] ?? '';
}

const NO_TLS = /^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|ERR_SSL_HTTP_REQUEST)$/;
const CLOSED = /^(ECONNRESET|UND_ERR_SOCKET|EPIPE)$/;
const NOT_HTTP = /^HPE_/;
const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?))$/;

const WORDS: readonly (readonly [code: string, words: string])[] = [
  ['ECONNREFUSED', '; nothing listens there: is it running, is the port right?'],
  ['ENOTFOUND', '; the name service knows no such host'],
  ['EAI_AGAIN', '; the name service does not answer'],
  ['EHOSTUNREACH', '; there is no way to that host'],
  ['ENETUNREACH', '; there is no way to that network'],
];

/** The error's own code and those of what caused it; several addresses of a host make several. */
function codesOf(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > 4) return [];
  const own = 'code' in error ? [String(error.code)] : [];
  const parts: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [...own, ...[error.cause, ...parts].flatMap((part) => codesOf(part, depth + 1))];
}
