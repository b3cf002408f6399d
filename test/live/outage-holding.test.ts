/** The agent as a process, without a collector for a while and killed meanwhile: what it had on disk comes first, in order, and each batch once. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, expect, test } from 'vitest';
import { createIngest } from '../../collector/ingest/ingest.ts';
import { familyNamed } from '../../src/catalog/index.ts';
import { silent } from '../../src/log.ts';
import type { Batch } from '../../src/model/batch.ts';
import { systemClock } from '../../src/run/clock.ts';
import { samplesOf } from '../collector/ingest/agent.ts';
import { pageOf } from '../support/page.ts';
import { freePort } from '../support/ports.ts';
import { type Program, startProgram } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';

let agent: Program | undefined;
let app: FastifyInstance | undefined;

afterAll(async () => {
  await agent?.stop();
  await app?.close();
});

const spooled = async (program: Program): Promise<number> =>
  pageOf(await program.metrics('agent')).value('plimsoll_push_spool_batches');

/** A collector that keeps no log and hands on what it is given. */
async function listen(port: number, pushed: Batch[]): Promise<FastifyInstance> {
  const push = (given: Batch) => {
    pushed.push(given);
    return { accepted: samplesOf(given), dropped: new Map<string, number>() };
  };
  const ingest = createIngest({ push, familyNamed, clock: systemClock, log: silent });
  const server = Fastify({ forceCloseConnections: true });
  ingest.route(server);
  await server.listen({ host: '127.0.0.1', port });
  return server;
}

test('killed while the collector is away, it sends what it had on disk first, in order and once', async () => {
  const port = await freePort();
  agent = await startProgram({
    command: 'agent',
    config: {
      node: 'holder',
      agent: {
        interval: '500ms',
        engines: ['none'],
        filesystem: { enabled: false },
        push: { url: `http://127.0.0.1:${port}`, spill_after: '500ms', timeout: '1s' },
      },
    },
  });
  await waitFor(async () => (await spooled(agent as Program)) >= 6, { timeoutMs: 30_000, what: 'six batches on disk' });
  const atLeast = await spooled(agent);
  await agent.end('SIGKILL');
  // A record that is half written: the kernel's buffers outlive a killed process, those of a machine do not.
  const folder = join(agent.dir, 'data', 'agent');
  expect(readdirSync(folder)).toEqual(['00000001.spool', 'lock']);

  await agent.start();
  expect(agent.log()).toMatch(/batches of an earlier run are sent first/);
  await waitFor(async () => (await spooled(agent as Program)) > atLeast, { timeoutMs: 30_000, what: 'more on disk' });
  const pushed: Batch[] = [];
  app = await listen(port, pushed);
  const isEmpty = async (): Promise<boolean> => (await spooled(agent as Program)) === 0;
  await waitFor(isEmpty, { timeoutMs: 60_000, what: 'nothing on disk' });
  const sessions = [...new Set(pushed.map(({ session }) => session))];
  expect(sessions).toHaveLength(2);
  const numbers = (session: string | undefined): number[] =>
    pushed.filter((one) => one.session === session).map(({ seq }) => seq);
  const [first, second] = sessions.map(numbers);
  expect(first?.length).toBeGreaterThanOrEqual(atLeast);
  for (const seqs of [first, second]) expect(seqs).toEqual(Array.from({ length: seqs?.length ?? 0 }, (_, i) => i + 1));
  // All of the first come before any of the second.
  expect(pushed.map(({ session }) => session).lastIndexOf(sessions[0] as string)).toBe((first?.length ?? 0) - 1);
  expect(pushed.every(({ tables }) => tables.length > 0)).toBe(true);

  expect(await agent.end('SIGTERM')).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
});
