/** `store`: what the collector keeps of what it saw, for how long and in how much room. `query`: what asking it may cost. `receive`: what others may send into it. */
import * as z from 'zod';
import { duration, size, toggle, whole } from './fields.ts';

const AGE = { min: '1h', max: '36500d' };

const ages = (what: string) =>
  z
    .strictObject({
      raw: duration('7d', AGE).describe(`how long every sample of ${what} is kept`),
      five_minutes: duration('90d', AGE).describe(`how long downsamples of ${what} over 5 minutes are kept`),
      hour: duration('365d', AGE).describe(`how long downsamples of ${what} over an hour are kept`),
    })
    .prefault({});

export const store = z.strictObject({
  enabled: toggle(true, 'keep what was seen in data_dir and answer PromQL; needs a data_dir'),
  max_bytes: size('5GiB').describe('disk for it; when it is used up the oldest goes, single containers before groups'),
  containers: ages('single containers'),
  groups: ages('groups, and of what others send,'),
  accept_age: duration('1d', { min: '1m', max: '36500d' }).describe('how old samples of others may be when they come'),
  max_series: whole(1_000_000, { min: 1, max: 100_000_000 }).describe('series of others in memory at a time'),
  instance: z
    .string()
    .min(1)
    .describe('the label `instance` of groups and containers; collector.listen if not set, as a scrape would have it')
    .optional(),
});

/** What one question to the query API may cost; they run on a thread of their own. */
export const query = z.strictObject({
  concurrency: whole(4, { min: 1, max: 64 }).describe('questions that are answered at once; others wait in line'),
  timeout: duration('30s', { min: '100ms', max: '1h' }).describe('how long one may take'),
  max_samples: whole(50_000_000, { min: 1000, max: 10_000_000_000 }).describe('samples that one may read'),
  max_steps: whole(11_000, { min: 1, max: 1_000_000 }).describe('steps of a range'),
  max_points: whole(5_000_000, { min: 1000, max: 1_000_000_000 }).describe('points of an answer'),
});

export const receive = z.strictObject({
  enabled: toggle(true, 'take remote-write and line protocol of others into the store, and imports'),
  max_body: size('16MB').describe('largest body of a sender, compressed'),
  max_body_unpacked: size('64MB').describe('largest body of a sender, unpacked'),
  max_series: whole(1_000_000, { min: 1, max: 100_000_000 }).describe('series that senders may write to, in all'),
  max_series_per_sender: whole(200_000, { min: 1, max: 100_000_000 }).describe('series that one address may write to'),
  max_labels: whole(100, { min: 1, max: 1000 }).describe('labels of a received series'),
  max_label_bytes: size('4KiB').describe('bytes of the name or the value of a label of a received series'),
});
