/** Every secret that a configuration holds or names a file of, for hiding them in what others say. What cannot be read is not among them. */
import { readBounded } from './bounded.ts';
import { type Hider, hider, isSecretKey } from './redact.ts';

/** Hides the secrets of a configuration, and those in the further texts (addresses with a password). */
export function hiderOf(config: object, further: readonly (string | undefined)[] = []): Hider {
  return hider([...secretsIn(config), ...further.flatMap((text) => passwordIn(text ?? ''))]);
}

function* secretsIn(node: unknown, key = ''): Generator<string> {
  if (typeof node === 'string') {
    if (isSecretKey(key)) yield node;
    else if (/^(token|password)_file$/.test(key)) yield* contentOf(node);
    else yield* passwordIn(node);
  } else if (typeof node === 'object' && node !== null) {
    const below = (name: string): string => (Array.isArray(node) ? '' : key === 'headers' ? key : name);
    for (const [name, child] of Object.entries(node)) yield* secretsIn(child, below(name));
    if ('username' in node && 'password' in node) yield `${node.username}:${node.password}`;
  }
}

function contentOf(file: string): string[] {
  try {
    return [readBounded(file).bytes.toString('utf8').trim()].filter((text) => text !== '');
  } catch {
    // Whoever needs it says so, and does not start.
    return [];
  }
}

function passwordIn(text: string): string[] {
  if (!/^[a-z]+:\/\/.*@/i.test(text) || !URL.canParse(text)) return [];
  const { username, password } = new URL(text);
  if (password === '') return [];
  const [user, word] = [decoded(username), decoded(password)];
  return [password, word, `${user}:${word}`];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded, then: it is what it says.
    return text;
  }
}
