/** `/healthz` and `/readyz`: 200 `ok`, or 503 with the reason in words. */
import type { FastifyInstance } from 'fastify';

export interface Health {
  /** Undefined while the process does its work; else what is stuck. Restarting it would help. */
  readonly alive: () => string | undefined;
  /** Undefined once there is something to serve; else what it waits for. Restarting it would not help. */
  readonly ready: () => string | undefined;
  /** Further lines of `/readyz`, for people. */
  readonly notes?: () => readonly string[];
}

export function healthRoutes(app: FastifyInstance, { alive, ready, notes = () => [] }: Health): void {
  for (const [path, ask, further] of [
    ['/healthz', alive, () => []],
    ['/readyz', ready, notes],
  ] as const) {
    app.get(path, async (_request, reply) => {
      const reason = ask();
      return reply
        .code(reason === undefined ? 200 : 503)
        .type('text/plain; charset=utf-8')
        .send(`${[reason ?? 'ok', ...further()].join('\n')}\n`);
    });
  }
}

/** Says so when a ticker has not completed a run for three intervals and ten seconds. */
export function stuck(
  what: string,
  lastRunMs: number,
  { nowMs, intervalMs }: { nowMs: number; intervalMs: number },
): string | undefined {
  const silentMs = nowMs - lastRunMs;
  return silentMs > 3 * intervalMs + 10_000
    ? `${what} has not completed for ${(silentMs / 1000).toFixed(0)} s`
    : undefined;
}
