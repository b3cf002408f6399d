/**
 * What the browser's main thread did while something happened: Chromium's own trace comes in, work in milliseconds goes out. Work is time on a CPU
 * (`tdur`), which others on the machine hardly change; beside it the time on the wall (`dur`), which they do.
 */
import type { Browser, Page } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface Work {
  /** Of each task in which a frame was made, in order, in milliseconds. */
  readonly frames: readonly number[];
  readonly framesOnWall: readonly number[];
  /** Of every task, in order. */
  readonly tasks: readonly number[];
  /** By kind of work, over all of it: scripts, style, layout, paint, garbage; and the browser's own names for the rest. */
  readonly parts: ReadonlyMap<string, number>;
}

const PARTS: ReadonlyMap<string, string> = new Map([
  ['FireAnimationFrame', 'scripts'],
  ['FunctionCall', 'scripts'],
  ['EvaluateScript', 'scripts'],
  ['RunMicrotasks', 'scripts'],
  ['UpdateLayoutTree', 'style'],
  ['Layout', 'layout'],
  ['PrePaint', 'paint'],
  ['Paint', 'paint'],
  ['Layerize', 'paint'],
  ['Commit', 'paint'],
  ['MinorGC', 'garbage'],
  ['MajorGC', 'garbage'],
]);

const TASK = /^(ThreadControllerImpl::)?RunTask$/;

export async function traced(browser: Browser, page: Page, act: () => Promise<unknown>): Promise<Work> {
  await browser.startTracing(page, {
    categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8', '__metadata'],
  });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  return workOf(traceEvents);
}

/** The renderer that worked most: there may be one that waits for the next page. */
export function workOf(events: readonly TraceEvent[]): Work {
  const main = events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const all = main.map(({ pid, tid }) =>
    events.filter((event) => event.pid === pid && event.tid === tid && event.ph === 'X'),
  );
  const own = all.sort((a, b) => b.length - a.length)[0] ?? [];
  const tasks = own.filter(({ name }) => TASK.test(name)).sort((a, b) => a.ts - b.ts);
  const frames = own.filter(({ name }) => name === 'FireAnimationFrame').map(({ ts }) => ts);
  const withFrame = tasks.filter((task) => frames.some((ts) => ts >= task.ts && ts < task.ts + (task.dur ?? 0)));
  return {
    frames: withFrame.map(cpu),
    framesOnWall: withFrame.map(({ dur = 0 }) => dur / 1000),
    tasks: tasks.map(cpu),
    parts: partsOf(own),
  };
}

function cpu({ tdur = 0 }: TraceEvent): number {
  return tdur / 1000;
}

/** Each its own time, without that of what it calls; what has no kind goes by its name. */
function partsOf(own: readonly TraceEvent[]): Map<string, number> {
  const parts = new Map<string, number>();
  const add = ({ name }: TraceEvent, ms: number): void => {
    const kind = PARTS.get(name) ?? name;
    parts.set(kind, (parts.get(kind) ?? 0) + ms);
  };
  const around: TraceEvent[] = [];
  // Of those that begin at once the longer one is around the other.
  for (const event of [...own].sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0))) {
    while (around.length > 0 && endOf(around.at(-1) as TraceEvent) <= event.ts) around.pop();
    const caller = around.at(-1);
    if (caller) add(caller, -cpu(event));
    add(event, cpu(event));
    around.push(event);
  }
  return parts;
}

function endOf({ ts, dur = 0 }: TraceEvent): number {
  return ts + dur;
}
