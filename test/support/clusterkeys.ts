/** The keys and certificates of a cluster of the tests' own: two authorities (the cluster's, the front proxy's), made by openssl in a folder. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export interface ClusterKeys {
  readonly folder: string;
  path(name: string): string;
  /** `<name>.crt` and `<name>.key`, signed by an authority; `subject` is `/O=group/CN=user`. */
  sign(name: string, options: Signed): { readonly cert: string; readonly key: string };
}

export interface Signed {
  readonly subject: string;
  readonly by?: 'ca' | 'front-ca';
  /** `IP:10.0.0.1,DNS:name`. */
  readonly names?: string;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

export function makeClusterKeys(folder: string): ClusterKeys {
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe', cwd: folder });
  const files = (name: string): string[] => ['-keyout', path(`${name}.key`), '-out', path(`${name}.crt`)];
  for (const name of ['ca', 'front-ca']) openssl('req', '-x509', ...CURVE, '-subj', `/CN=${name}`, ...files(name));
  // Signs the tokens of service accounts; the API server takes no elliptic key in PKCS 8.
  openssl('ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', path('accounts.key'));
  return {
    folder,
    path,
    sign(name, { subject, by = 'ca', names }) {
      const authority = ['-CA', path(`${by}.crt`), '-CAkey', path(`${by}.key`)];
      const uses = ['-addext', 'extendedKeyUsage=serverAuth,clientAuth', '-addext', 'basicConstraints=CA:FALSE'];
      const alternative = names === undefined ? [] : ['-addext', `subjectAltName=${names}`];
      openssl('req', '-x509', ...CURVE, '-subj', subject, ...uses, ...alternative, ...authority, ...files(name));
      return { cert: path(`${name}.crt`), key: path(`${name}.key`) };
    },
  };
}

/** A kubeconfig file's content for a signed user. */
export function kubeconfig(keys: ClusterKeys, server: string, user: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': keys.path('ca.crt') } }],
    users: [
      {
        name: 'user',
        user: { 'client-certificate': keys.path(`${user}.crt`), 'client-key': keys.path(`${user}.key`) },
      },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'user' } }],
    'current-context': 'test',
  });
}
