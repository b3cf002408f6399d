/** A kept page's memory is the next one's, once nobody reads the page any more, and not before. */
import { expect, test } from 'vitest';
import { createExposition, type PageRequest } from '../../../src/exposition/page.ts';
import { table } from '../../support/tables.ts';

/** A snapshot whose numbers are all `value`: some pieces. */
const snapshot = (value: number) => [
  table({
    columns: ['m'],
    rows: Array.from({ length: 3000 }, (_, i) => [{ id: `/docker/${i}`, image: 'x'.repeat(60) }, [value]]),
  }),
];

const request = (tables: PageRequest['tables'], whenSent?: PageRequest['whenSent']): PageRequest => ({
  ...{ tables, self: [], format: 'text', gzip: false, timestamps: false },
  ...(whenSent ? { whenSent } : {}),
});

async function read(pieces: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

const numbers = (pieces: readonly Buffer[]): string[] => [
  ...new Set(
    [
      ...Buffer.concat(pieces)
        .toString()
        .matchAll(/\} (\d+)$/gm),
    ].map((match) => match[1] as string),
  ),
];
const memory = (pieces: readonly Buffer[]): ArrayBufferLike[] => pieces.map(({ buffer }) => buffer);

/** A reader that says later that it has all. */
function later() {
  let release = (): void => undefined;
  return {
    release: () => release(),
    whenSent(given: () => void): void {
      release = given;
    },
  };
}

test('a page that has been sent lends its memory to the next', async () => {
  const exposition = createExposition();
  const sent = later();
  const first = await read(exposition.render(request(snapshot(1), sent.whenSent)));
  expect(numbers(first)).toEqual(['1']);
  expect(first.length).toBeGreaterThan(3);
  sent.release();
  const second = await read(exposition.render(request(snapshot(2), sent.whenSent)));
  expect(numbers(second)).toEqual(['2']);
  expect(memory(second)).toEqual(memory(first));
});

test('a page that is still being sent keeps its memory', async () => {
  const exposition = createExposition();
  const slow = later();
  const first = await read(exposition.render(request(snapshot(1), slow.whenSent)));
  const second = await read(exposition.render(request(snapshot(2), (release) => release())));
  expect([numbers(first), numbers(second)]).toEqual([['1'], ['2']]);
  const third = await read(exposition.render(request(snapshot(3), (release) => release())));
  expect([numbers(first), numbers(third)]).toEqual([['1'], ['3']]);
  expect(memory(third)).toEqual(memory(second));
  expect(memory(third)).not.toContain(first[0]?.buffer);
});

test('whoever does not say when he has all of it keeps what he has', async () => {
  const exposition = createExposition();
  const first = await read(exposition.render(request(snapshot(1))));
  for (const value of [2, 3]) await read(exposition.render(request(snapshot(value))));
  expect(numbers(first)).toEqual(['1']);
});

test('a client that leaves in the middle does not write into the page after', async () => {
  const exposition = createExposition();
  const gone = later();
  const pieces = exposition.render(request(snapshot(1), gone.whenSent));
  await pieces.next();
  // The next piece is being made when the connection breaks.
  const unfinished = pieces.next();
  gone.release();
  const second = await read(exposition.render(request(snapshot(2), (release) => release())));
  await unfinished;
  await pieces.return(undefined);
  expect(numbers(second)).toEqual(['2']);
});
