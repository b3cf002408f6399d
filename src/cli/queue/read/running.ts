/** What a collector that runs says of its sinks on its `/metrics`: the newest numbers, which its folder does not have yet. */
import { eachLine } from '../../top/read/lines.ts';
import { lineParser } from '../../top/read/promtext.ts';

export interface SinkPage {
  samples: number;
  windows: number;
  received: number;
  delivered: number;
  readonly dropped: Map<string, number>;
  up: boolean;
}

export interface AskOptions {
  readonly url: string;
  readonly token: string | undefined;
}

const ROWS: Readonly<Record<string, (sink: SinkPage, value: number, reason: string) => void>> = {
  plimsoll_sink_queue_samples: (sink, value) => (sink.samples = value),
  plimsoll_sink_queue_frames: (sink, value) => (sink.windows = value),
  plimsoll_sink_samples_received_total: (sink, value) => (sink.received = value),
  plimsoll_sink_samples_delivered_total: (sink, value) => (sink.delivered = value),
  plimsoll_sink_samples_dropped_total: (sink, value, reason) => sink.dropped.set(reason, value),
  plimsoll_sink_up: (sink, value) => (sink.up = value !== 0),
};

/** By sink. Rejects when the page cannot be had. */
export async function askSinks({ url, token }: AskOptions): Promise<Map<string, SinkPage>> {
  // Loaded when it is needed; of a CommonJS package a bundle keeps the default export alone.
  const { default: undici } = await import('undici');
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { statusCode, body } = await undici.request(url, { headers, headersTimeout: 10_000, bodyTimeout: 10_000 });
  if (statusCode !== 200) {
    await body.dump();
    const wanted = statusCode === 401 || statusCode === 403;
    const hint = wanted ? ': it wants its token, by --config, PLIMSOLL_TOKEN or PLIMSOLL_TOKEN_FILE' : '';
    throw new Error(`${url} answered ${statusCode}${hint}`);
  }
  const sinks = new Map<string, SinkPage>();
  const parse = lineParser((metric) => Object.hasOwn(ROWS, metric));
  await eachLine(body, (line) => {
    const sample = parse(line);
    if (sample === undefined) return;
    const name = sample.labels.get('sink') ?? '';
    const sink = sinks.get(name) ?? emptyPage();
    sinks.set(name, sink);
    ROWS[sample.metric]?.(sink, sample.value, sample.labels.get('reason') ?? '');
  });
  return sinks;
}

function emptyPage(): SinkPage {
  return { samples: 0, windows: 0, received: 0, delivered: 0, dropped: new Map(), up: true };
}
