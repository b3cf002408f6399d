/**
 * `/metrics`, of the agent and of the collector alike: the current tables and the process's own metrics, in the format that was
 * asked for, streamed with backpressure.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { negotiate } from '../exposition/negotiate.ts';
import { createExposition } from '../exposition/page.ts';
import { fromPromClient } from '../exposition/self.ts';
import type { Table } from '../model/table.ts';
import { type SelfMetrics, single } from '../self/metrics.ts';

export interface MetricsRouteOptions {
  /** The tables to show: the same array as long as they are the same, so that they are rendered once. */
  readonly tables: () => readonly Table[];
  readonly self: SelfMetrics;
  /** Whether samples carry the time they were read at. */
  readonly timestamps: boolean;
}

export function metricsRoute(app: FastifyInstance, { tables, self, timestamps }: MetricsRouteOptions): void {
  const exposition = createExposition();
  self.expose('plimsoll_exposition_duplicates_total', () => single(exposition.duplicates));
  app.get('/metrics', { config: { large: true } }, async (request, reply) => {
    const { format, contentType, gzip } = negotiate(
      request.headers.accept,
      request.headers['accept-encoding'] as string | undefined,
    );
    const own = await fromPromClient(self.registry);
    const whenSent = (release: () => void): void => void reply.raw.once('close', release);
    const body = exposition.render({ tables: tables(), self: own, format, timestamps, gzip, whenSent });
    reply.header('content-type', contentType).header('vary', 'accept, accept-encoding');
    if (gzip) reply.header('content-encoding', 'gzip');
    return reply.send(Readable.from(body, { objectMode: false, highWaterMark: 256 * 1024 }));
  });
}
