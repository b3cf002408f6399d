/**
 * The collector's pages for Prometheus: `/metrics` with the groups and its own metrics, `/metrics/containers` with every container of every
 * host. Two, because a container's series come from its agent already where somebody scrapes that.
 */
import type { FastifyInstance } from 'fastify';
import { metricsRoute } from '../src/http/metricsroute.ts';
import type { Clock } from '../src/run/clock.ts';
import type { SelfMetrics } from '../src/self/metrics.ts';
import type { PrometheusSink } from './sinks/prometheus/sink.ts';

const CONTAINERS = '/metrics/containers';

export interface Pages {
  readonly page: PrometheusSink;
  readonly self: SelfMetrics;
  readonly clock: Clock;
  /** Whether the single containers have their page. */
  readonly containers: boolean;
}

export function exposePages(app: FastifyInstance, { page, self, clock, containers }: Pages): void {
  const further = new Map(containers ? [[CONTAINERS, () => page.containers(clock.now())]] : []);
  metricsRoute(app, { tables: () => page.groups(clock.now()), self, timestamps: false, further });
  if (containers) return;
  app.get(CONTAINERS, (_request, reply) =>
    reply.code(404).send({
      error:
        'collector.containers is false: the single containers are not served here; scrape the agents, or set it to true',
    }),
  );
}
