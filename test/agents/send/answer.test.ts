import { fc, test as prop } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { fateOf } from '../../../agents/send/answer.ts';

const NOW = Date.UTC(2024, 0, 1, 12, 0, 0);
const fate = (status: number, body: unknown = {}, retryAfter?: string) =>
  fateOf({ status, retryAfter, body: typeof body === 'string' ? body : JSON.stringify(body) }, NOW);

test.each<[string, ReturnType<typeof fate>, object]>([
  ['taken', fate(200, { accepted: 5, dropped: {}, duplicate: false }), { do: 'acknowledge', dropped: new Map() }],
  ['taken before', fate(200, { accepted: 0, dropped: {}, duplicate: true }), { do: 'acknowledge' }],
  ['taken in part', fate(200, { accepted: 5, dropped: { too_late: 2 } }), { dropped: new Map([['too_late', 2]]) }],
  ['a page of somebody else', fate(200, '<html>Log in</html>'), { do: 'retry', slowly: true, why: '200' }],
  ['our session is not known', fate(409, { error: 'unknown_session' }), { do: 'resend full' }],
  ['our dictionary is another', fate(409, { error: 'out_of_step' }), { do: 'resend full' }],
  ['another conflict', fate(409, { error: 'else' }), { do: 'retry', slowly: false }],
  ['bad', fate(400, { error: 'bad_label', message: 'm' }), { do: 'drop', why: '400 bad_label', detail: 'm' }],
  ['too large', fate(413, { error: 'limit' }), { do: 'drop' }],
  ['not processable', fate(422), { do: 'drop' }],
  ['another version', fate(400, { error: 'unsupported_version' }), { do: 'retry', slowly: true }],
  ['no token', fate(401), { do: 'retry', slowly: true }],
  ['not allowed', fate(403), { do: 'retry', slowly: true }],
  ['not there', fate(404), { do: 'retry', slowly: true }],
  ['elsewhere', fate(302), { do: 'retry', slowly: true }],
  ['slow down', fate(429, {}, '7'), { do: 'retry', slowly: false, afterMs: 7000 }],
  ['busy', fate(503, {}, 'Mon, 01 Jan 2024 12:00:30 GMT'), { do: 'retry', slowly: false, afterMs: 30_000 }],
  ['broken', fate(500), { do: 'retry', slowly: false }],
])('%s', (_what, got, wanted) => {
  expect(got).toMatchObject(wanted);
});

test('a wish to wait longer than ten minutes is cut to that', () => {
  expect(fate(429, {}, '86400')).toMatchObject({ afterMs: 600_000 });
  expect(fate(429, {}, 'soon')).toMatchObject({ afterMs: undefined });
});

describe('nothing in an answer is trusted', () => {
  test('reasons that are no plain words become one, numbers that are no counts are ignored', () => {
    const dropped = { too_late: 2, 'A b': 3, constructor: 1, negative: -1, half: 0.5, text: 'x', '': 4 };
    expect(fate(200, `{"accepted":0,"dropped":${JSON.stringify(dropped)}}`)).toMatchObject({
      dropped: new Map([
        ['too_late', 2],
        ['other', 3 + 4],
        ['constructor', 1],
      ]),
    });
  });

  test('a thousand reasons are cut', () => {
    const dropped = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`r${'x'.repeat(i % 40)}${i}`, 1]));
    const got = fate(200, { accepted: 0, dropped });
    expect(got.do === 'acknowledge' && got.dropped.size).toBeLessThanOrEqual(32);
  });

  prop.prop([fc.nat(999), fc.oneof(fc.string(), fc.json()), fc.string()])(
    'any answer has a fate',
    (status, body, retryAfter) => {
      expect(['acknowledge', 'resend full', 'drop', 'retry']).toContain(fate(status, body, retryAfter).do);
    },
  );
});
