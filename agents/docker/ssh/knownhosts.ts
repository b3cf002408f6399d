/**
 * Whether an ssh host is who it says it is: the text of a `known_hosts` file and the key a host showed come in, a verdict goes out.
 * Plain and hashed host names, ports, and revoked keys are understood; certificate authorities are not.
 */
import { createHmac } from 'node:crypto';

/** `changed`: the host is in the file, with other keys than this. */
export type Verdict = 'known' | 'unknown' | 'changed' | 'revoked';

export interface KnownHost {
  /** Of the raw public key that the host showed. A host that is not in the file is not known, and so to be refused. */
  judge(key: Buffer): Verdict;
  /** The types of the keys that are known, so that the host is asked for one of them: `ssh-ed25519`. */
  readonly types: ReadonlySet<string>;
}

export function knownHost(text: string, host: string, port: number): KnownHost {
  const name = nameOf(host, port);
  const good = new Map<string, string>();
  const revoked = new Set<string>();
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
    const [hosts = '', type = '', key = ''] = words;
    if (key === '' || hosts.startsWith('#') || !names(hosts, name)) continue;
    if (marker === '@revoked') revoked.add(key);
    else if (marker === undefined) good.set(key, type);
  }
  return {
    judge(key) {
      const shown = key.toString('base64');
      if (revoked.has(shown)) return 'revoked';
      if (good.has(shown)) return 'known';
      return good.size === 0 ? 'unknown' : 'changed';
    },
    types: new Set(good.values()),
  };
}

/** As the file names it: `box`, `[box]:2222`. */
export function nameOf(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

function names(hosts: string, name: string): boolean {
  if (hosts.startsWith('|1|')) {
    const [salt = '', hash = ''] = hosts.slice(3).split('|');
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  const patterns = hosts.split(',');
  return patterns.includes(name) && !patterns.includes(`!${name}`);
}
