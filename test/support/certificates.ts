/** An authority, a server's and a client's certificate for 127.0.0.1, made by openssl in a folder. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export interface Certificates {
  /** Paths of PEM files. */
  readonly ca: string;
  readonly server: Pair;
  readonly client: Pair;
}

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export function makeCertificates(folder: string, name = 'test'): Certificates {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const ca = { cert: join(folder, `${name}-ca.pem`), key: join(folder, `${name}-ca.key`) };
  openssl('req', '-x509', ...curve, '-subj', `/CN=${name} authority`, '-keyout', ca.key, '-out', ca.cert);
  const signed = (role: string): Pair => {
    const pair = { cert: join(folder, `${name}-${role}.pem`), key: join(folder, `${name}-${role}.key`) };
    const address = ['-addext', 'subjectAltName=IP:127.0.0.1'];
    openssl(
      'req',
      '-x509',
      ...curve,
      '-subj',
      `/CN=${role}`,
      ...address,
      '-CA',
      ca.cert,
      '-CAkey',
      ca.key,
      '-keyout',
      pair.key,
      '-out',
      pair.cert,
    );
    return pair;
  };
  return { ca: ca.cert, server: signed('server'), client: signed('client') };
}
