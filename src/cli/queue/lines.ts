/** A listing as lines for people: the log, a line for each sink with what is the matter with it, the spool. */
import { bytes, span } from '../top/view/figures.ts';
import { plain } from '../top/view/text.ts';
import type { Listing } from './listing.ts';
import { windowsOf } from './read/log.ts';
import { type Drain, isBehind, type SinkLook } from './sinks.ts';
import { least, most, sum } from './told.ts';

export function listingLines(listing: Listing): string[] {
  const { sinks } = listing;
  return [...logLines(listing), ...sinks.flatMap((look) => sinkLines(look, listing)), ...spoolLines(listing)].map(
    plain,
  );
}

function logLines({ nowMs, folders, log, logInUse, unasked }: Listing): string[] {
  if (log === undefined) return [`log    ${folders.collector}: there is no such folder, nothing has been kept there`];
  const windows = windowsOf(log);
  const onDisk = sum(log.segments.map((segment) => segment.bytes));
  const samples = sum(windows.map((window) => window.samples));
  const held = `${many(windows.length, 'window')}, ${many(samples, 'sample')}, ${bytes(onDisk)} in ${many(log.segments.length, 'segment')}`;
  const fromMs = least(windows.map(({ startMs }) => startMs));
  const toMs = most(windows.map(({ endMs }) => endMs));
  return [
    `log    ${log.path}: ${logInUse ? 'a collector is running' : 'no collector is running'}`,
    windows.length === 0 ? '       no window' : `       ${held}, ${period(fromMs, toMs, nowMs)}`,
    ...damaged(log.damaged),
    ...(unasked === undefined ? [] : [`       the collector could not be asked (${unasked}): as its files have it`]),
  ];
}

function sinkLines(look: SinkLook, { nowMs, logInUse, drains }: Listing): string[] {
  const { sink, configured, trouble, received, delivered, dropped } = look;
  const title = `sink   ${sink}: `;
  if (trouble !== undefined) return [`${title}its place ${trouble}; the next start gives it again what is in the log`];
  if (!configured) return [`${title}is not in the configuration: nothing waits for it`];
  const drain = drains.find((each) => each.sink === sink);
  const losses = [...dropped].filter(([, samples]) => samples > 0).map(([reason, samples]) => `${reason} ${samples}`);
  const books = `       ${many(received, 'sample')} received, ${delivered} delivered`;
  return [
    title + waits(look, nowMs) + (isBehind(look) ? pace(drain, { up: look.up, running: logInUse }) : ''),
    losses.length === 0 ? `${books}, none dropped` : `${books}, dropped: ${losses.join(', ')}`,
  ];
}

function waits({ windows, samples, uncounted, oldestMs }: SinkLook, nowMs: number): string {
  if (windows === 0) return 'level';
  const last = uncounted === 1 ? 'the last window’s' : `those of the last ${uncounted} windows`;
  const without = uncounted === 0 ? '' : ` (without ${last})`;
  const behind = oldestMs === undefined ? '' : `, behind by ${span(nowMs - oldestMs)}`;
  return `${many(windows, 'window')}, ${many(samples, 'sample')}${without} wait${behind}`;
}

function pace(drain: Drain | undefined, { up, running }: { up: boolean | undefined; running: boolean }): string {
  if (!running) return '; nothing is delivered until the collector runs';
  const state = up === false ? '; the sink takes nothing at the moment' : '';
  if (drain === undefined) return state;
  if (drain.perSecond <= 0) return `${state}; does not drain`;
  const level = drain.levelInMs === undefined ? 'falls behind all the same' : `level in ${span(drain.levelInMs)}`;
  return `${state}; drains ${many(Math.round(drain.perSecond), 'sample')} a second, ${level}`;
}

function spoolLines({ nowMs, folders, spool, spoolInUse }: Listing): string[] {
  if (spool === undefined) return [`spool  ${folders.agent}: there is no such folder, nothing has been kept there`];
  const abouts = spool.files.flatMap(({ batches }) => batches.map(({ about }) => about));
  const use = spoolInUse ? 'an agent is using it' : 'no agent is using it';
  if (abouts.length === 0) return [`spool  ${spool.path}: no batch`, ...damaged(spool.damaged)];
  const samples = sum(abouts.map((about) => about.samples));
  const onDisk = bytes(sum(spool.files.map((file) => file.bytes)));
  const times = abouts.map(({ timeMs }) => timeMs);
  const nodes = [...new Set(abouts.map(({ node }) => node))].sort().join(', ');
  return [
    `spool  ${spool.path}: ${use}`,
    `       ${many(abouts.length, 'batch', 'batches')} of ${nodes}, ${many(samples, 'sample')}, ${onDisk} in ${many(spool.files.length, 'file')}, ${period(least(times), most(times), nowMs)}`,
    ...damaged(spool.damaged),
  ];
}

function damaged(words: readonly string[]): string[] {
  return words.map((word) => `       damaged: ${word}`);
}

function period(fromMs: number, toMs: number, nowMs: number): string {
  const iso = (timeMs: number): string => new Date(timeMs).toISOString();
  return `from ${iso(fromMs)} (${span(nowMs - fromMs)} ago) to ${iso(toMs)} (${span(nowMs - toMs)} ago)`;
}

function many(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`;
}
