/** The agent's way to a collector elsewhere: the sender with its encoder, made of the configuration. */
import type { Config } from '../src/config/schema.ts';
import { pem, secret, tokenOrLogin } from '../src/config/secure.ts';
import type { Log } from '../src/log.ts';
import type { Clock } from '../src/run/clock.ts';
import type { Lifecycle } from '../src/run/lifecycle.ts';
import { createEncoder } from '../src/wire/encode.ts';
import type { Destination } from './send/client.ts';
import type { Sender } from './send/sender.ts';

export interface SendingOptions {
  readonly settings: Config['agent']['push'];
  readonly node: string;
  readonly session: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly life: Lifecycle;
}

/** How long the queue may take to empty when the agent stops. */
const DRAIN_MS = 3000;

/** Undefined if no collector is configured. */
export async function startSending(options: SendingOptions): Promise<Sender | undefined> {
  const { settings, node, session, clock, log, life } = options;
  const to = destination(settings);
  if (to === undefined) return undefined;
  // Loaded only where it is used: the HTTP client alone takes ten megabytes.
  const { createSender } = await import('./send/sender.ts');
  const sender = createSender({
    ...to,
    encoder: createEncoder({ node, session }),
    clock,
    log,
    maxBatches: settings.queue_batches,
    maxBytes: settings.queue_bytes,
  });
  life.onStop('sender', () => sender.close(DRAIN_MS));
  return sender;
}

/** For `plimsoll check`: asks the collector that is configured whether it would take our batches, in words; undefined if there is none. */
export async function probeCollector(settings: Config['agent']['push']): Promise<string | undefined> {
  const to = destination(settings);
  return to && (await import('./send/probe.ts')).probe(to);
}

/** Where batches go, and as whom; undefined if nowhere. Throws a ConfigError where a secret or certificate cannot be had. */
function destination(settings: Config['agent']['push']): Destination | undefined {
  if (settings.url === undefined) return undefined;
  const { ca, cert, key } = settings.tls;
  const token = secret('agent.push.token', settings.token, settings.token_file);
  return {
    url: settings.url.url,
    ...tokenOrLogin('agent.push', settings.url, token),
    tls: {
      ca: pem('agent.push.tls.ca', ca)?.toString('utf8'),
      cert: pem('agent.push.tls.cert', cert)?.toString('utf8'),
      key: pem('agent.push.tls.key', key)?.toString('utf8'),
    },
    timeoutMs: settings.timeout,
  };
}
