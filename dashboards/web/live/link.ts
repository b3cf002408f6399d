/**
 * The connection to the collector: a stream of events that comes back by itself. Says how it stands; after a break, or a collector that was
 * restarted, the first message is a whole snapshot again.
 */
import { signal } from '@preact/signals';
import { queryRange } from '../api/prom.ts';
import { after, nowSeconds, soon } from '../clock.ts';
import type { Snapshot, WindowMessage } from './message.ts';
import { begin, type Model, nextInSteps } from './model.ts';
import { pastOf, withPast } from './past.ts';

export type Link =
  | { readonly state: 'connecting' | 'live' }
  /** Unix seconds. */
  | { readonly state: 'lost'; readonly since: number }
  | { readonly state: 'waiting'; readonly words: string }
  | { readonly state: 'signed-out' };

export const link = signal<Link>({ state: 'connecting' });
/** Undefined until the first window. */
export const model = signal<Model | undefined>(undefined);

/** A browser gives up where the answer is no stream; we do not. */
const AGAIN_MS = 3000;

interface Arrived {
  readonly message: WindowMessage;
  /** For one that does not follow what is there. */
  readonly missed: () => void;
}

const arrived: Arrived[] = [];
let stepping: ReturnType<typeof nextInSteps> | undefined;

/** A part of the oldest message that arrived: a thousand rows at once would keep whoever scrolls waiting. */
function step(): void {
  const [oldest] = arrived;
  const was = model.peek();
  if (oldest === undefined) return;
  if (was) stepping ??= nextInSteps(was, oldest.message);
  const { done, value } = stepping?.next() ?? { done: true, value: undefined };
  if (done) {
    stepping = undefined;
    arrived.shift();
    if (value) {
      model.value = value;
      link.value = { state: 'live' };
    } else oldest.missed();
  }
  if (arrived.length > 0) soon(step);
}

/** Small curves begin before the page was opened, where somebody keeps that; where nobody answers they begin now. */
async function remember(was: Model): Promise<void> {
  const answers = await Promise.all(pastOf(was).map((asked) => queryRange(asked))).catch(() => []);
  const now = model.peek();
  if (answers.length === 0 || now?.run !== was.run) return;
  // A window that is half taken in is taken in anew, over longer curves.
  stepping = undefined;
  model.value = withPast(
    now,
    answers.map(({ series }) => series),
  );
}

export function connect(): void {
  const source = new EventSource('page/events');
  let left = false;
  const again = (): void => {
    if (left) return;
    left = true;
    source.close();
    connect();
  };
  source.addEventListener('now', ({ data }) => {
    stepping = undefined;
    arrived.length = 0;
    model.value = begin(JSON.parse(data) as Snapshot);
    link.value = { state: 'live' };
    void remember(model.value);
  });
  source.addEventListener('window', ({ data }) => {
    arrived.push({ message: JSON.parse(data) as WindowMessage, missed: again });
    if (arrived.length === 1) soon(step);
  });
  source.addEventListener('waiting', ({ data }) => {
    link.value = { state: 'waiting', words: (JSON.parse(data) as { words: string }).words };
    // Nothing is sent before there is a snapshot.
    after(AGAIN_MS, again);
  });
  source.addEventListener('error', () => void broken(source));
}

async function broken(source: EventSource): Promise<void> {
  if (link.peek().state !== 'lost' && link.peek().state !== 'signed-out')
    link.value = { state: 'lost', since: nowSeconds() };
  if (source.readyState !== EventSource.CLOSED) return;
  const answer = await fetch('page/now', { method: 'HEAD' }).catch(() => undefined);
  if (answer?.status === 401) link.value = { state: 'signed-out' };
  else after(AGAIN_MS, connect);
}
