/** An answer of an engine that does not end is cut; one that is long and ends is read, and so is a stream. */
import { Agent, createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { boundAnswers } from '../../../../agents/docker/engine/bounded.ts';
import { waitFor } from '../../../support/wait.ts';

let server: Server;
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Sends so many bytes, or without end. */
async function sending(bytes: number): Promise<{ port: number; ended: () => boolean }> {
  let ended = false;
  server = createServer((_request, response) => {
    let left = bytes;
    const more = (): void => {
      while (left > 0 && !ended) {
        const size = Math.min(left, 8192);
        left -= size;
        if (!response.write(Buffer.alloc(size))) return;
      }
      if (left <= 0) response.end();
    };
    response.on('drain', more).on('close', () => {
      ended = true;
    });
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, ended: () => ended };
}

async function read(port: number, path: string): Promise<{ bytes: number; whole: boolean; said: string }> {
  const agent = boundAnswers(new Agent(), 100_000);
  let said = '';
  return new Promise((resolve) => {
    get({ port, path, agent }, (answer) => {
      let bytes = 0;
      answer.on('data', (piece: Buffer) => {
        bytes += piece.length;
      });
      answer.on('error', () => undefined);
      answer.on('close', () => resolve({ bytes, whole: answer.complete, said }));
    }).on('error', (error) => {
      said = error.message;
    });
  });
}

test('one that does not end', async () => {
  const { port, ended } = await sending(Number.POSITIVE_INFINITY);
  const { bytes, whole, said } = await read(port, '/containers/json?all=true');
  expect(whole).toBe(false);
  // What is said at once, in place of a time-out that comes later.
  expect(said).toBe('its answer is longer than 100000 bytes');
  expect(bytes).toBeLessThan(400_000);
  await waitFor(ended, { what: 'the connection to be ended' });
});

test('one just within the bound', async () => {
  const { port } = await sending(100_000);
  expect(await read(port, '/containers/json?all=true')).toEqual({ bytes: 100_000, whole: true, said: '' });
});

test('a stream of events', async () => {
  const { port } = await sending(300_000);
  expect(await read(port, '/events?filters=x')).toEqual({ bytes: 300_000, whole: true, said: '' });
});
