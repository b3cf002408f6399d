/** `metrics_api`: metrics.k8s.io, for `kubectl top` and the autoscaler. Off unless switched on: on a machine without Kubernetes there is nothing of it. */
import * as z from 'zod';
import { address, toggle, webAddress } from './fields.ts';

const file = (description: string) => z.string().min(1).describe(description).optional();

export const metricsApi = z.strictObject({
  enabled: toggle(false, 'serve metrics.k8s.io: kubectl top, and the autoscaler'),
  listen: address('127.0.0.1:9643').describe(
    'address where the API server of the cluster asks, with TLS; everybody’s rights are asked of that server',
  ),
  cert: file('file with the certificate of that address, PEM; one of our own making if not set'),
  key: file('file with its key, PEM'),
  names: z
    .array(z.string().regex(/^[A-Za-z0-9.-]{1,253}$/, 'must be a host name or an IPv4 address'))
    .default(['localhost', '127.0.0.1'])
    .describe('names in a certificate of our own making: <service>.<namespace>.svc'),
  api_server: webAddress().describe('the API server’s address; found by itself inside a cluster').optional(),
  api_server_ca: file('file with the certificates to trust of the API server, PEM; the service account’s if not set'),
  api_server_token_file: file('file with our token for the API server; the service account’s if not set'),
});
