/**
 * Whether an ssh host is who it says it is: the text of a `known_hosts` file and the key a host showed come in, yes or no goes out.
 * Plain and hashed host names, ports, and revoked keys are understood; certificate authorities are not.
 */
import { createHmac } from 'node:crypto';

/** Checks the raw public key that `host` showed. A host that is not in the file is not known, and so refused. */
export function knownHost(text: string, host: string, port: number): (key: Buffer) => boolean {
  const name = port === 22 ? host : `[${host}]:${port}`;
  const good = new Set<string>();
  const revoked = new Set<string>();
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
    const [hosts = '', , key = ''] = words;
    if (key === '' || hosts.startsWith('#') || !names(hosts, name)) continue;
    if (marker === '@revoked') revoked.add(key);
    else if (marker === undefined) good.add(key);
  }
  return (key) => {
    const shown = key.toString('base64');
    return good.has(shown) && !revoked.has(shown);
  };
}

function names(hosts: string, name: string): boolean {
  if (hosts.startsWith('|1|')) {
    const [salt = '', hash = ''] = hosts.slice(3).split('|');
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  const patterns = hosts.split(',');
  return patterns.includes(name) && !patterns.includes(`!${name}`);
}
