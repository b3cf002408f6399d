/** The agent's way to a collector elsewhere: the sender with its encoder, made of the configuration. */
import type { Config } from '../src/config/schema.ts';
import { pem, secret } from '../src/config/secure.ts';
import { ConfigError } from '../src/errors.ts';
import type { Log } from '../src/log.ts';
import type { Clock } from '../src/run/clock.ts';
import type { Lifecycle } from '../src/run/lifecycle.ts';
import { createEncoder } from '../src/wire/encode.ts';
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
export async function startSending({
  settings,
  node,
  session,
  clock,
  log,
  life,
}: SendingOptions): Promise<Sender | undefined> {
  if (settings.url === undefined) return undefined;
  if (!URL.canParse(settings.url) || !/^https?:$/.test(new URL(settings.url).protocol)) {
    throw new ConfigError(
      `agent.push.url: is ${JSON.stringify(settings.url)}: must be an address such as http://collector:9640`,
    );
  }
  // Loaded only where it is used: the HTTP client alone takes ten megabytes.
  const { createSender } = await import('./send/sender.ts');
  const { ca, cert, key } = settings.tls;
  const sender = createSender({
    url: settings.url,
    token: secret('agent.push.token', settings.token, settings.token_file),
    tls: {
      ca: pem('agent.push.tls.ca', ca)?.toString('utf8'),
      cert: pem('agent.push.tls.cert', cert)?.toString('utf8'),
      key: pem('agent.push.tls.key', key)?.toString('utf8'),
    },
    timeoutMs: settings.timeout,
    encoder: createEncoder({ node, session }),
    clock,
    log,
    maxBatches: settings.queue_batches,
    maxBytes: settings.queue_bytes,
  });
  life.onStop('sender', () => sender.close(DRAIN_MS));
  return sender;
}
