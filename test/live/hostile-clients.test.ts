/**
 * What clients can do to a collector, each for some seconds against a real one with a small heap: it lives, it answers /healthz all the while,
 * an honest agent beside the attacker loses nothing, and what was refused is counted. `npm run test:hostile` does all at once, for longer.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Attack, randomOf } from '../hostile/attack.ts';
import { bombs, dictionaries, mutants, newNodes, repeatedRows } from '../hostile/attacks/batches.ts';
import { crumbs, trickle, unfinished } from '../hostile/attacks/bodies.ts';
import { idle, slowHeaders } from '../hostile/attacks/connections.ts';
import { strangers } from '../hostile/attacks/names.ts';
import { largeForms, manyQueries, unreadStreams } from '../hostile/attacks/queries.ts';
import { unread, unreadAhead } from '../hostile/attacks/unread.ts';
import { ask, startAgents } from '../hostile/honest.ts';
import { type Program, startProgram } from '../support/program.ts';

const HEAP_MB = 192;
const ATTACK_MS = 4000;

/** The attack, and the counter that must have grown by it; none where everything it sends may be taken. */
const ATTACKS: readonly (readonly [Attack, RegExp | undefined])[] = [
  [unreadAhead, /^plimsoll_http_refused_total\{reason="pipelined"\} (\d+)/m],
  [unread, undefined],
  [idle, undefined],
  [slowHeaders, undefined],
  [crumbs, /^plimsoll_collector_batches_total\{result="refused_scattered_body"\} (\d+)/m],
  [unfinished, undefined],
  [trickle, undefined],
  [dictionaries, /^plimsoll_collector_batches_total\{result="refused_dictionary_limit"\} (\d+)/m],
  [repeatedRows, /^plimsoll_collector_batches_total\{result="refused_bad_[a-z]+"\} (\d+)/m],
  [bombs, /^plimsoll_collector_batches_total\{result="refused_body_too_large"\} (\d+)/m],
  [newNodes, undefined],
  [mutants, /^plimsoll_collector_batches_total\{result="refused_[a-z_]+"\} (\d+)/m],
  [manyQueries, undefined],
  [largeForms, undefined],
  [unreadStreams, undefined],
  [strangers, /^plimsoll_http_refused_total\{reason="host"\} (\d+)/m],
];

let collector: Program;

beforeAll(async () => {
  collector = await startProgram({
    command: 'collector',
    config: { collector: { window: '1s', lateness: '20s' } },
    env: { NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` },
  });
});
afterAll(() => collector?.stop());

describe('an honest agent, a scraper and a probe beside an attacker notice nothing', () => {
  test.each(ATTACKS.map(([attack, counted]) => ({ name: attack.name, attack, counted })))(
    '$name',
    async ({ attack, counted }) => {
      const before = collector.pid;
      const url = collector.collectorUrl;
      const over = new AbortController();
      const agents = startAgents(url, { agents: 1, intervalMs: 200, signal: over.signal });
      const probe = ask(`${url}/healthz`, { everyMs: 200, signal: over.signal });
      const scrape = ask(`${url}/metrics`, {
        everyMs: 500,
        headers: { 'accept-encoding': 'gzip' },
        signal: over.signal,
      });
      const port = Number(new URL(url).port);
      await attack.run({ url, port }, randomOf(1), AbortSignal.timeout(ATTACK_MS));
      over.abort();
      await agents.close();
      const [probed, scraped] = [await probe, await scrape];
      expect(collector.pid).toBe(before);
      expect([...probed.failures, ...scraped.failures]).toEqual([]);
      expect(probed.seconds.length).toBeGreaterThan(0);
      const { offered, acknowledged, dropped } = agents.account();
      expect(dropped).toEqual({});
      expect(acknowledged).toBe(offered);
      expect(offered).toBeGreaterThan(0);
      if (counted) expect(Number(counted.exec(await collector.metrics('collector'))?.[1])).toBeGreaterThan(0);
    },
  );
});
