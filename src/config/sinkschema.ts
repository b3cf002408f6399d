/** The part of the schema that says where closed windows go: each kind of sink with what it wants. */
import * as z from 'zod';
import { clientTls, duration, optionalDuration, size, text, toggle, webAddress, whole } from './fields.ts';

/** Whoever may read here and send batches may write here, too: the same address, the same token. */
const sinkCommon = {
  levels: z.array(z.string()).optional().describe('only these levels; all if not set'),
  queue_frames: whole(360, { min: 1, max: 100_000 }).describe('windows kept while the sink is away'),
  queue_samples: whole(5_000_000, { min: 1, max: 1_000_000_000 }).describe('samples kept while the sink is away'),
  timeout: duration('10s', { min: '100ms', max: '10m' }).describe('how long one delivery may take'),
};

const server = webAddress().describe('the server’s address, http://host:8086; a user and password in it are used');

const OWN_HEADERS =
  /^(content-(type|encoding|length)|transfer-encoding|connection|host|expect|upgrade|x-prometheus-remote-write-version)$/i;
const HEADER = z.string({ error: () => 'must be text' }).regex(/^[\x20-\x7e]+$/, 'must be visible ASCII characters');
const label = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'must be a label name: letters, digits and _');

const remoteWrite = z.strictObject({
  kind: z.literal('remote_write'),
  url: server,
  token: text('remote_write: the token').optional(),
  token_file: text('remote_write: file that holds the token').optional(),
  username: text('remote_write: the user').optional(),
  password: text('remote_write: the user’s password').optional(),
  password_file: text('remote_write: file that holds the password').optional(),
  headers: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header')
        .refine((name) => !OWN_HEADERS.test(name), 'is one that the sink itself sets'),
      HEADER.describe('remote_write: a further header, by its name, such as X-Scope-OrgID'),
    )
    .default({})
    .describe('remote_write: further headers'),
  tls: clientTls,
  containers: toggle(false, 'remote_write: write the single containers, too, not only the groups'),
  external_labels: z
    .record(label, text('remote_write: a label, by its name, of every series that has no such label').min(1))
    .default({})
    .describe('remote_write: labels of every series that has no such label'),
  protocol: z
    .enum(['1.0', '2.0'], { error: () => 'must be "1.0" or "2.0"' })
    .default('1.0')
    .describe('remote_write: version of the protocol; of 2.0 the server may want 1.0 back'),
  metadata: toggle(true, 'remote_write: write type, unit and help of the metrics, too, once a minute'),
  requests: whole(4, { min: 1, max: 64 }).describe('requests under way at once'),
  max_samples: whole(2000, { min: 1, max: 100_000 }).describe('remote_write: samples in one request'),
  ...sinkCommon,
});

const influx = {
  tls: clientTls,
  schema: z
    .enum(['plimsoll', 'heapster'], { error: () => 'must be "plimsoll" or "heapster"' })
    .default('plimsoll')
    .describe('names, tags and units of what is written: our own, or Heapster’s, for dashboards made for it'),
  requests: whole(4, { min: 1, max: 64 }).describe('requests under way at once'),
  create: toggle(false, 'create the database or bucket if it is not there, and set its retention'),
  retention: optionalDuration({ min: '1h', max: '36500d' }).describe(
    'with create: how long what is written is kept; left as it is, or for ever, if not set',
  ),
  dead_letters: text('file for lines that the server will never take, with its reasons').min(1).optional(),
  dead_letters_max: size('10MB').describe('bytes of that file and the one before it, <file>.1'),
  ...sinkCommon,
};

export const sink = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('influxdb2').describe('influxdb3, influxdb2, influxdb1, remote_write or stdout'),
    url: server,
    org: text('influxdb2: the organisation').default(''),
    bucket: text('influxdb2: the bucket').min(1),
    token: text('influxdb2, influxdb3, remote_write: the token').optional(),
    token_file: text('influxdb2, influxdb3, remote_write: file that holds the token').optional(),
    ...influx,
  }),
  z.strictObject({
    kind: z.literal('influxdb1'),
    url: server,
    database: text('influxdb1, influxdb3: the database').min(1),
    retention_policy: text('influxdb1: the retention policy').optional(),
    username: text('influxdb1, remote_write: the user').optional(),
    password: text('influxdb1, remote_write: the user’s password').optional(),
    password_file: text('influxdb1, remote_write: file that holds the password').optional(),
    ...influx,
  }),
  z.strictObject({
    kind: z.literal('influxdb3'),
    url: server,
    database: text('influxdb3: the database').min(1),
    token: text('influxdb3: the token').optional(),
    token_file: text('influxdb3: file that holds the token').optional(),
    no_sync: toggle(false, 'influxdb3: let the server answer before what is written is on its disk'),
    ...influx,
  }),
  remoteWrite,
  z.strictObject({ kind: z.literal('stdout'), ...sinkCommon }),
]);

export type SinkConfig = z.output<typeof sink>;
