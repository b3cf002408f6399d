/** What scrapers send, and what they are answered with. */
import { expect, test } from 'vitest';
import { negotiate } from '../../../src/exposition/negotiate.ts';

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

test.each([
  ['no header', undefined, TEXT],
  ['an empty header', '', TEXT],
  ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', TEXT],
  ['curl', '*/*', TEXT],
  [
    'Prometheus 2.42',
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    OPENMETRICS,
  ],
  [
    'Prometheus 3',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,' +
      'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    `${OPENMETRICS}; escaping=allow-utf-8`,
  ],
  [
    'one that likes protobuf best',
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,text/plain;version=0.0.4;q=0.5',
    TEXT,
  ],
  ['text liked better', 'application/openmetrics-text;version=1.0.0;q=0.3,text/plain;q=0.7', TEXT],
  ['equal: the earlier', 'text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0', TEXT],
  ['equal: the more precise', '*/*,application/openmetrics-text;version=1.0.0', OPENMETRICS],
  ['refused', 'application/openmetrics-text;q=0,*/*;q=0.1', TEXT],
  ['a version nobody knows', 'application/openmetrics-text;version=2.0.0,text/plain;version=0.0.4;q=0.1', TEXT],
  [
    'the older OpenMetrics',
    'application/openmetrics-text;version=0.0.1',
    'application/openmetrics-text; version=0.0.1; charset=utf-8',
  ],
  [
    'text 1.0.0 with an escaping',
    'text/plain;version=1.0.0;escaping=underscores',
    'text/plain; version=1.0.0; charset=utf-8; escaping=underscores',
  ],
  ['an escaping that nobody knows', 'text/plain;version=0.0.4;escaping=rot13', TEXT],
  ['quoted parameters, capitals', 'Application/OpenMetrics-Text; Version="1.0.0"; Q=0.9', OPENMETRICS],
  ['only JSON', 'application/json', TEXT],
  ['nonsense', ';;;,q=x,/;q=9', TEXT],
  ['a q-value that is no number', 'application/openmetrics-text;q=high,text/plain;q=0.1', TEXT],
])('%s', (_, accept, contentType) => {
  expect(negotiate(accept, undefined).contentType).toBe(contentType);
  expect(negotiate(accept, undefined).format).toBe(contentType.startsWith('text') ? 'text' : 'openmetrics');
});

test.each([
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['deflate, gzip;q=1.0, *;q=0.5', true],
  ['gzip;q=0', false],
  ['*', true],
  ['*;q=0', false],
  ['identity', false],
  ['gzip;q=0.2, identity;q=0.9', false],
  ['x-gzip', true],
  ['br, zstd', false],
])('Accept-Encoding %s', (header, gzip) => {
  expect(negotiate(undefined, header).gzip).toBe(gzip);
});
