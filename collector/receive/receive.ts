/**
 * Samples of others into the store: remote-write, line protocol, imports. Who may call is decided before, for all routes; what is not kept is
 * told to who sent it, and counted.
 */
import type { FastifyInstance } from 'fastify';
import type { Log } from '../../src/log.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Store } from '../store/types.ts';
import { createDesk } from './desk.ts';
import { addImport } from './importroute.ts';
import { addInflux } from './influx/route.ts';
import { RECEIVE_LIMITS, type ReceiveLimits } from './limits.ts';
import { addRemoteWrite } from './remotewrite/route.ts';
import type { ReceiveTally } from './tally.ts';

export interface ReceiveOptions {
  readonly store: Pick<Store, 'write' | 'labelValues'>;
  readonly limits?: Partial<ReceiveLimits>;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ReceiveStats {
  readonly counts: ReceiveTally;
  /** Series remembered against the caps, senders that have some, series forgotten. */
  readonly series: number;
  readonly senders: number;
  readonly forgotten: number;
}

export interface Receive {
  /** Adds the routes. */
  route(app: FastifyInstance): void;
  stats(): ReceiveStats;
}

export function createReceive({ store, limits: given, version, clock, log }: ReceiveOptions): Receive {
  const desk = createDesk({ store, limits: { ...RECEIVE_LIMITS, ...given }, clock, log });
  return {
    route(app) {
      addRemoteWrite(app, desk);
      addImport(app, desk, () => clock.now());
      addInflux(app, { desk, store, now: () => clock.now(), version });
    },
    stats() {
      const { series, senders, forgotten } = desk.cap;
      return { counts: desk.tally, series, senders, forgotten };
    },
  };
}
