/**
 * `/metrics`, of the agent and of the collector alike: the current tables and the process's own metrics, in the format that was
 * asked for, streamed with backpressure. And further pages of tables alone, which somebody scrapes beside it or does not.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { negotiate } from '../exposition/negotiate.ts';
import { createExposition, type Exposition } from '../exposition/page.ts';
import { fromPromClient, type SelfFamily } from '../exposition/self.ts';
import type { Table } from '../model/table.ts';
import { type SelfMetrics, single } from '../self/metrics.ts';

export interface MetricsRouteOptions {
  /** The tables to show: the same array as long as they are the same, so that they are rendered once. */
  readonly tables: () => readonly Table[];
  readonly self: SelfMetrics;
  /** Whether samples carry the time they were read at. */
  readonly timestamps: boolean;
  /** Further pages by their path, such as `/metrics/containers`. The process's own metrics are not on them, or they would be there twice. */
  readonly further?: ReadonlyMap<string, () => readonly Table[]>;
}

export function metricsRoute(app: FastifyInstance, options: MetricsRouteOptions): void {
  const { tables, self, timestamps, further = new Map() } = options;
  const expositions: Exposition[] = [];
  const page = (path: string, tablesOf: () => readonly Table[], own: () => Promise<SelfFamily[]>): void => {
    const exposition = createExposition();
    expositions.push(exposition);
    app.get(path, { config: { large: true } }, async (request, reply) =>
      answer({ request, reply, exposition }, { tables: tablesOf(), self: await own(), timestamps }),
    );
  };
  page('/metrics', tables, () => fromPromClient(self.registry));
  for (const [path, tablesOf] of further) page(path, tablesOf, () => Promise.resolve([]));
  self.expose('plimsoll_exposition_duplicates_total', () =>
    single(expositions.reduce((sum, { duplicates }) => sum + duplicates, 0)),
  );
}

interface Asked {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly exposition: Exposition;
}

interface Shown {
  readonly tables: readonly Table[];
  readonly self: readonly SelfFamily[];
  readonly timestamps: boolean;
}

function answer({ request, reply, exposition }: Asked, shown: Shown): FastifyReply {
  const { format, contentType, gzip } = negotiate(
    request.headers.accept,
    request.headers['accept-encoding'] as string | undefined,
  );
  const whenSent = (release: () => void): void => void reply.raw.once('close', release);
  const body = exposition.render({ ...shown, format, gzip, whenSent });
  reply.header('content-type', contentType).header('vary', 'accept, accept-encoding');
  if (gzip) reply.header('content-encoding', 'gzip');
  return reply.send(Readable.from(body, { objectMode: false, highWaterMark: 256 * 1024 }));
}
