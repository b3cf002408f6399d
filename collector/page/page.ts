/** The page, wired: closed windows come in, what is open is told of them, and the rest of the collector is asked how it is. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Document } from '../../src/http/pageroute.ts';
import type { Frame } from '../../src/model/batch.ts';
import type { Clock } from '../../src/run/clock.ts';
import { type PageFile, pageFiles } from './files.ts';
import { createPresent, type Pipeline } from './present.ts';
import { exposePage } from './routes.ts';
import { createStreams, event } from './stream.ts';

export interface PageOptions {
  readonly version: string;
  readonly cluster: string;
  readonly windowMs: number;
  readonly clock: Clock;
  readonly pipeline: () => Pipeline;
  /** What there is to say before the first window has closed. */
  readonly waiting: () => string;
}

export interface Page {
  /** A closed window that is no past. */
  take(frame: Frame): void;
  /** Adds its routes; answers what `/` is for a browser. `files`: those of the build, unless said. */
  route(app: FastifyInstance, files?: ReadonlyMap<string, PageFile>): Document | undefined;
  /** Pages that are open. */
  readonly open: number;
}

/** Numbers go on being reckoned for so long after somebody has asked for them once. */
const INTEREST_MS = 60_000;

export function createPage({ clock, waiting, ...options }: PageOptions): Page {
  const present = createPresent({ ...options, run: randomUUID() });
  const streams = createStreams(clock);
  let askedMs = Number.NEGATIVE_INFINITY;
  const snapshot = () => {
    askedMs = clock.monotonic();
    return present.snapshot();
  };
  return {
    take(frame) {
      const watched = streams.size > 0 || clock.monotonic() - askedMs < INTEREST_MS;
      const message = present.take(frame, watched);
      if (message) streams.send(event('window', message));
    },
    route: (app, files = pageFiles()) => exposePage(app, { snapshot, streams, waiting, files }),
    get open() {
      return streams.size;
    },
  };
}
