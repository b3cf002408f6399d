/** Batches that cost much or make no sense: huge dictionaries, repeated rows, bombs, and good batches with some bits changed. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Agent, request } from 'undici';
import { createEncoder } from '../../../src/wire/encode.ts';
import { syntheticAgents } from '../../bench/load.ts';
import { entitiesWithoutRows, oneRowRepeated } from '../../support/hostilebodies.ts';
import { type Attack, between, pause, type Random, type Target } from '../attack.ts';

const zip = promisify(gzip);

/** So that a long run invents ever new nodes. */
let invented = 0;

async function push({ url }: Target, dispatcher: Agent, body: Uint8Array): Promise<void> {
  const headers = { 'content-type': 'application/vnd.plimsoll.batch', 'content-encoding': 'gzip' };
  try {
    const answer = await request(`${url}/api/v1/push`, { method: 'POST', headers, body, dispatcher });
    await answer.body.dump();
  } catch {
    // Cut off: that is what the collector is there to do.
  }
}

/** An attack that sends made-up bodies one after the other. */
function pushing(name: string, make: (random: Random) => Promise<Uint8Array>): Attack {
  return {
    name,
    async run(target, random, signal) {
      const dispatcher = new Agent({ connections: 4 });
      while (!signal.aborted) {
        await push(target, dispatcher, await make(random));
        await pause(between(random, 0, 50), signal);
      }
      await dispatcher.destroy();
    },
  };
}

const someNode = (): string => `invented-${invented++}`;

/** 30 MB out of some hundred kilobytes. */
export const dictionaries = pushing('entities without rows, of ever new nodes', async () =>
  entitiesWithoutRows({ node: someNode() }, { entities: 900, labels: 16, labelBytes: 2000 }),
);

export const repeatedRows = pushing('one row 121 574 times', async () => oneRowRepeated({ node: someNode() }, 121_574));

export const bombs = pushing('bodies that unpack to 100 MB', async () =>
  zip(Buffer.alloc(100 * 1024 * 1024), { level: 1 }),
);

export const newNodes = pushing('small good batches of ever new nodes', async (random) => {
  const agent = syntheticAgents({ agents: 1, containers: between(random, 1, 200), metrics: 33 })[0];
  if (agent === undefined) throw new Error('no agent');
  const node = someNode();
  const batch = { ...agent.batch(Date.now()), node, session: 's' };
  return zip(createEncoder({ node, session: 's' }).encode(batch, { full: true }), { level: 1 });
});

export const mutants = pushing('good batches with some bits changed', async (random) => {
  const agent = syntheticAgents({ agents: 1, containers: 5, metrics: 33 })[0];
  if (agent === undefined) throw new Error('no agent');
  const node = someNode();
  const batch = { ...agent.batch(Date.now()), node, session: 's' };
  const body = Buffer.from(createEncoder({ node, session: 's' }).encode(batch, { full: true }));
  for (let i = between(random, 1, 8); i > 0; i--) body[between(random, 0, body.length - 1)] = between(random, 0, 255);
  return zip(random() < 0.2 ? body.subarray(0, between(random, 0, body.length)) : body, { level: 1 });
});
