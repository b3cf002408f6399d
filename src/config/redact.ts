/**
 * The one place that keeps secrets out of what is shown: messages about the configuration show a value only through `shown`, addresses
 * only through `withoutCredentials`, and what others say (a server that quotes our token) goes through a `Hider`.
 */

/** Replaces what must not be seen. */
export type Hider = (text: string) => string;

const HIDDEN = '…';

/** What is shorter would be found in many a plain word; nothing of ours prints it to begin with. */
const MIN_LENGTH = 6;

/** Makes a function that takes these out of a text, also as they look in an address, in a header or in JSON. */
export function hider(secrets: Iterable<string | undefined>): Hider {
  const looks = new Set([...secrets].flatMap((secret) => (secret === undefined ? [] : looksOf(secret))));
  const longestFirst = [...looks].filter((look) => look.length >= MIN_LENGTH).sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((left, look) => left.replaceAll(look, HIDDEN), text);
}

function looksOf(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, inJson, encodeURIComponent(secret), encodeURI(secret), Buffer.from(secret).toString('base64')];
}

/** Whether the key's value is a secret; of `headers`, whatever is below it. */
export function isSecretKey(path: string): boolean {
  return /(^|\.)(token|password|headers)$/.test(path);
}

/** A key whose value is the name of a file, and of a secret one at that: people write the secret itself there. */
export function isSecretFileKey(path: string): boolean {
  return /(^|\.)((token|password)_file|tls\.(cert|key|ca|client_ca)|engine_tls\.(cert|key|ca))$/.test(path);
}

/** A value for a message: itself if it is short and nothing that may be secret. */
export function shown(path: string, value: unknown): string {
  if (value === undefined) return 'is missing';
  if (Array.isArray(value)) return `is a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'holds keys and values';
  const below = path.split('.').some((_, i, parts) => isSecretKey(parts.slice(0, i + 1).join('.')));
  if (below) return `is ${typeof value === 'string' ? 'text' : `a ${typeof value}`} that is not shown`;
  if (typeof value === 'string' && isSecretFileKey(path)) return `is ${shownPath(value)}`;
  const text = typeof value === 'string' ? withoutCredentials(value) : value;
  return `is ${shorten(JSON.stringify(text))}`;
}

/** A file's name, unless it does not look like one: then it may be the secret that should have been in the file. */
export function shownPath(path: string): string {
  const looksLikeOne = /^(\/|\.\.?\/)[^\n]{0,300}$/.test(path) && !path.includes('-----BEGIN');
  return looksLikeOne ? JSON.stringify(path) : 'a name that is not shown (it does not begin with / or ./)';
}

/** An address without its user, password, query and fragment. */
export function withoutCredentials(text: string): string {
  const at = text.lastIndexOf('@');
  if (at < 0) return withoutQuery(text);
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? '';
  const user = text.slice(scheme.length, at);
  // The user of ssh is a part of where it leads, and no secret; a user alone may be a token elsewhere.
  const isLogin = scheme.toLowerCase() === 'ssh://' && /^[\w.-]+$/.test(user);
  return `${scheme}${isLogin ? user : HIDDEN}@${withoutQuery(text.slice(at + 1))}`;
}

function withoutQuery(text: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /[?#].*=/.test(text) ? text.replace(/[?#].*$/s, `?${HIDDEN}`) : text;
}

/** A key that nobody knows: as far as it can be one, so that `token:abc`, where a space is missing, shows no token. */
export function shownKey(key: string): string {
  const word = /^[A-Za-z_][\w-]{0,39}/.exec(key)?.[0] ?? '';
  return word === key ? key : `${word}${HIDDEN}`;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}${HIDDEN}` : text;
}
