/** The agent's way to a collector elsewhere: the sender with its encoder and its spool on disk, made of the configuration. */
import type { Config } from '../src/config/schema.ts';
import { dataFolder } from '../src/config/datadir.ts';
import { pem, secret, tokenOrLogin } from '../src/config/secure.ts';
import type { Log } from '../src/log.ts';
import type { Clock } from '../src/run/clock.ts';
import { type Lifecycle, within } from '../src/run/lifecycle.ts';
import { createEncoder } from '../src/wire/encode.ts';
import type { Destination } from './send/client.ts';
import type { Disk, Opened } from './send/disk.ts';
import type { Sender } from './send/sender.ts';

export interface SendingOptions {
  readonly config: Config;
  readonly node: string;
  readonly session: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly life: Lifecycle;
}

const MEMORY_ONLY = 'batches that the collector does not take in time cannot be kept on disk, and stay in memory';

/** A disk that hangs, or a gigabyte on a slow one, must not keep the agent from starting: what is found later is sent then. */
const OPEN_MS = 30_000;

/** How long the queue may take to empty when the agent stops. */
const DRAIN_MS = 3000;

/** Undefined if no collector is configured. */
export async function startSending(options: SendingOptions): Promise<Sender | undefined> {
  const { config, node, session, clock, log, life } = options;
  const settings = config.agent.push;
  const to = destination(settings);
  if (to === undefined) return undefined;
  // Loaded only where it is used: the HTTP client alone takes ten megabytes.
  const { createSender } = await import('./send/sender.ts');
  const { late, ...spool } = await openSpool(options);
  const sender = createSender({
    ...to,
    ...spool,
    spill: { tickMs: config.agent.interval, afterMs: settings.spill_after },
    encoder: createEncoder({ node, session }),
    clock,
    log,
    maxBatches: settings.queue_batches,
    maxBytes: settings.queue_bytes,
  });
  void late?.then((found) => found && sender.adopt(found));
  life.onStop('sender', () => sender.close(DRAIN_MS));
  return sender;
}

/** For `plimsoll check`: where batches are kept that the collector does not take in time, in words; undefined if none are sent. */
export async function checkSpool(
  config: Config,
): Promise<{ readonly ok: boolean; readonly words: string } | undefined> {
  const { url, spool_bytes: maxBytes, spool_age: maxAgeMs } = config.agent.push;
  if (url === undefined) return undefined;
  const folder = dataFolder(config.data_dir, 'agent');
  if (folder === undefined) return { ok: false, words: `${MEMORY_ONLY}: data_dir is none` };
  const { createDisk } = await import('./send/disk.ts');
  try {
    await createDisk({ folder, maxBytes, maxAgeMs, now: () => 0 }).check();
    return { ok: true, words: `batches that the collector does not take in time are kept in ${folder}` };
  } catch (error) {
    return { ok: false, words: memoryOnly(error) };
  }
}

function memoryOnly(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `${MEMORY_ONLY}: ${why}; set data_dir to a folder that we may write to, or to none`;
}

interface Spooled {
  readonly disk?: Disk;
  readonly left?: Opened['left'];
  readonly damaged?: number;
  /** What is found on a disk that takes longer than we wait for it; undefined if it cannot be read. */
  readonly late?: Promise<Opened | undefined>;
}

/** What is on disk, and where more would go; without a folder that can be used, a word of it and nothing. */
async function openSpool({ config, clock, log }: SendingOptions): Promise<Spooled> {
  const folder = dataFolder(config.data_dir, 'agent');
  if (folder === undefined) return {};
  const { createDisk } = await import('./send/disk.ts');
  const { spool_bytes: maxBytes, spool_age: maxAgeMs } = config.agent.push;
  const disk = createDisk({ folder, maxBytes, maxAgeMs, now: () => clock.now() });
  const say = ({ left, damaged, torn }: Opened): void => {
    for (const file of damaged)
      log.warn({ file }, 'batches on disk are damaged: the good ones are sent, and the file is set aside');
    if (left.length > 0 || torn > 0)
      log.info({ folder, batches: left.length, torn }, 'batches of an earlier run are sent first');
  };
  let opened: Opened | undefined;
  const opening = disk.open();
  try {
    const bounds = { clock, deadlineMs: OPEN_MS, what: folder };
    opened = await within(opening, bounds);
    await within(disk.check(), bounds);
  } catch (error) {
    // It is tried again when there is something to write.
    log.warn({ err: error }, memoryOnly(error));
  }
  if (opened !== undefined) {
    say(opened);
    return { disk, left: opened.left, damaged: opened.damaged.length };
  }
  // Where it failed that has been said.
  const late = opening.then(
    (found) => {
      say(found);
      return found;
    },
    () => undefined,
  );
  return { disk, late };
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
