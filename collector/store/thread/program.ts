/**
 * What runs on the store's thread: reads the log, answers questions, and between them does what is due. Sealing and merging are long and in one piece;
 * they look here every few milliseconds, and questions are answered meanwhile.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { diskFolder } from '../../log/disk.ts';
import { createEngine } from '../../query/engine.ts';
import type { QueryAnswer } from '../../query/query.ts';
import type { Log } from '../../../src/log.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { StoreCore } from '../core.ts';
import { storeFiles } from '../files.ts';
import { NewerStore } from '../manifest.ts';
import { packAnswer } from './answered.ts';
import { type Asking, createAnswering, failureOf } from './answering.ts';
import { LogTail } from './logtail.ts';
import type { FromStore, StoreThreadOptions, ToStore } from './messages.ts';

type Ask = Extract<ToStore, { kind: 'ask' }>;

/** Between two looks at what has been asked, in long work. */
const LOOK_EVERY_MS = 5;
/** Of the seconds between two ticks merging may take so much: after an import there is a day for each kind to be merged. */
const TEND_MS = 2000;

export function runStore(port: MessagePort, options: StoreThreadOptions): void {
  try {
    new StoreThread(port, options).start();
  } catch (error) {
    if (!(error instanceof NewerStore)) throw error;
    say(port, { kind: 'refused', message: error.message });
    port.close();
  }
}

class StoreThread {
  readonly #port: MessagePort;
  readonly #core: StoreCore;
  readonly #tail: LogTail;
  readonly #answering: ReturnType<typeof createAnswering>;
  readonly #asked: Ask[] = [];
  #tickMs: number | undefined;
  /** Spent on it since the last tick. */
  #tendedMs = 0;
  #closing = false;
  #told = false;
  #ready = false;
  #lookedMs = 0;
  #ring = (): void => undefined;
  /** Something has been heard since the last look around. */
  #rung = false;

  constructor(port: MessagePort, options: StoreThreadOptions) {
    const { path, logPath, instance, retention, taking, limits } = options;
    this.#port = port;
    this.#core = new StoreCore({
      files: storeFiles(path),
      log: logTo(port),
      instance,
      retention,
      taking,
      breathe: () => this.#look(),
      onNoted: () => this.#sayRead(),
    });
    this.#tail = new LogTail(diskFolder(logPath ?? path), this.#core.firstSeq);
    this.#answering = createAnswering({
      core: this.#core,
      engine: createEngine(limits, () => systemClock.monotonic()),
    });
    this.#told = logPath === undefined;
  }

  start(): void {
    this.#port.on('message', (message: ToStore) => {
      this.#hear(message);
      this.#rung = true;
      this.#ring();
    });
    this.#run().catch((error: unknown) => {
      // Ends the thread; whoever started it begins anew.
      queueMicrotask(() => {
        throw error;
      });
    });
  }

  async #run(): Promise<void> {
    while (!this.#closing) {
      this.#rung = false;
      this.#serve(isNoSettling);
      if (await this.#readOne()) continue;
      if (this.#told && !this.#ready) {
        this.#ready = true;
        this.#sayRead();
        say(this.#port, { kind: 'ready' });
        continue;
      }
      this.#serve(() => true);
      if (this.#tickMs !== undefined) this.#tend(this.#tickMs);
      else if (!this.#rung && !this.#closing) await new Promise<void>((resolve) => (this.#ring = resolve));
    }
    await this.#tail.close();
    this.#core.close();
    say(this.#port, { kind: 'closed' });
    this.#port.close();
  }

  #hear(message: ToStore): void {
    if (message.kind === 'ask') this.#asked.push(message);
    else if (message.kind === 'tick') this.#tickMs = message.nowMs;
    else if (message.kind === 'close') this.#closing = true;
    else {
      this.#told = true;
      this.#tail.tell(message.segments);
    }
  }

  #tend(nowMs: number): void {
    const startedMs = systemClock.monotonic();
    const isMore = this.#core.tend(nowMs);
    this.#tendedMs += systemClock.monotonic() - startedMs;
    // Between two steps the log is read and everybody is answered.
    if (isMore && this.#tendedMs < TEND_MS) return;
    this.#tickMs = undefined;
    this.#tendedMs = 0;
  }

  /** Whether there was a frame. */
  async #readOne(): Promise<boolean> {
    if (this.#core.full) return false;
    const found = await this.#tail.take();
    if (found === undefined) return false;
    if (found.seq < this.#core.nextSeq) this.#core.prime(found.frame);
    else this.#core.push(found.seq, found.frame);
    if (this.#ready) this.#sayRead();
    return true;
  }

  #sayRead(): void {
    say(this.#port, { kind: 'read', next: this.#core.nextSeq, noted: this.#core.folder.notedSeq });
  }

  /** In the midst of long work. */
  #look(): void {
    const nowMs = systemClock.monotonic();
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return;
    for (let got = receiveMessageOnPort(this.#port); got !== undefined; got = receiveMessageOnPort(this.#port)) {
      this.#hear(got.message as ToStore);
    }
    this.#serve(({ question }) => question.what !== 'erase' && question.what !== 'settle');
    this.#lookedMs = systemClock.monotonic();
  }

  #serve(may: (ask: Ask) => boolean): void {
    if (!this.#ready) return;
    const later: Ask[] = [];
    for (let ask = this.#asked.shift(); ask !== undefined; ask = this.#asked.shift()) {
      if (!may(ask)) later.push(ask);
      else if (ask.question.what === 'write') this.#write([ask, ...this.#writesBehind()]);
      else this.#answer(ask);
    }
    this.#asked.push(...later);
  }

  /** Those that wait as well: one sync serves all. */
  #writesBehind(): Ask[] {
    const writes = this.#asked.filter(({ question }) => question.what === 'write');
    const others = this.#asked.filter(({ question }) => question.what !== 'write');
    this.#asked.splice(0, this.#asked.length, ...others);
    return writes;
  }

  #write(asks: readonly Ask[]): void {
    const asked = asks.flatMap(({ question }) => (question.what === 'write' ? [question] : []));
    const outcomes = this.#core.receiving.take(asked, asks.at(-1)?.nowMs ?? 0);
    for (const [i, { id }] of asks.entries()) say(this.#port, { kind: 'answer', id, value: outcomes[i] });
  }

  #answer({ id, question, nowMs, abort }: Ask): void {
    try {
      const isAborted = (): boolean => abort !== undefined && Atomics.load(abort, 0) !== 0;
      const value = this.#valueOf(question, { id, nowMs, isAborted });
      if (question.what !== 'query') say(this.#port, { kind: 'answer', id, value });
      else {
        const { packed, transfer } = packAnswer(value as QueryAnswer);
        say(this.#port, { kind: 'answer', id, value: packed }, transfer);
      }
    } catch (error) {
      say(this.#port, { kind: 'failed', id, failure: failureOf(error) });
    }
  }

  #valueOf(question: Ask['question'], asking: Asking): unknown {
    const { nowMs } = asking;
    if (question.what === 'erase') return this.#core.erase(question.matchers, { ...question, nowMs });
    if (question.what === 'settle') return question.seal ? this.#core.seal(nowMs) : undefined;
    return this.#answering.answer(question, asking);
  }
}

/** What is to be settled waits until there is nothing to read. */
function isNoSettling({ question }: Ask): boolean {
  return question.what !== 'settle';
}

function say(port: MessagePort, message: FromStore, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

/** Words for the program's log, which the main thread writes. */
function logTo(port: MessagePort): Log {
  const at = (level: Extract<FromStore, { kind: 'log' }>['level']) => (fields: object, text: string) => {
    const error = (fields as { err?: unknown }).err;
    const plain = error instanceof Error ? { ...fields, err: { message: error.message, stack: error.stack } } : fields;
    say(port, { kind: 'log', level, fields: plain, text });
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as Log;
}
