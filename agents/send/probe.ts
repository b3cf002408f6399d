/**
 * Asks a collector whether it would take our batches, without sending one: its push route answers a GET with 405 once the token has been looked
 * at. In words; rejects with an Error that says what to do.
 */
import { messageIn } from './answer.ts';
import { createClient, type Destination } from './client.ts';

export async function probe(to: Destination): Promise<string> {
  const { url, timeoutMs } = to;
  const client = createClient({ ...to, now: () => 0 });
  try {
    const { status, body } = await client.ask(AbortSignal.timeout(timeoutMs));
    if (status === 405) return `the collector at ${url} answers and takes batches from here`;
    throw new Error(`${url} ${refusal(status, messageIn(body), to)}`);
  } finally {
    await client.close();
  }
}

function refusal(status: number, said: string, { token, login }: Destination): string {
  const detail = said === '' ? '' : ` (${said})`;
  if (status === 401 || status === 403) {
    const given =
      token !== undefined ? 'the token' : login !== undefined ? 'user and password' : 'a request without a token';
    return `refuses ${given}: set agent.push.token_file to a file with the collector’s token${detail}`;
  }
  if (status === 404)
    return `has no push route: is it a collector (port 9640), not an agent, and as new as this?${detail}`;
  return `answers ${status}${detail}`;
}
