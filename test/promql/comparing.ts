/** An answer against what a script expects of it: label sets exactly, times exactly, values to a millionth. Answers what differs, or nothing. */
import type { LabelPair } from '../../src/model/labels.ts';
import { labels as labelsOf } from '../../src/model/labels.ts';
import type { Case, Expectation } from './script.ts';

/** What a server or the engine answered, in plain words. */
export interface Answer {
  readonly type: string;
  readonly series: readonly {
    labels: readonly LabelPair[];
    points: readonly (readonly [ms: number, value: number])[];
  }[];
  readonly text: string | undefined;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

const EPSILON = 1e-6;
const SMALLEST = 2.2250738585072014e-308;

export function almost(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const off = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < SMALLEST) return off < EPSILON * SMALLEST;
  return off / Math.min(sum, Number.MAX_VALUE) < EPSILON;
}

/** `timesMs` are added to the case's times, where a server cannot begin at 0. */
export function differs(one: Case, answer: Answer, addMs = 0): string | undefined {
  if (one.stepMs > 0)
    return compareSeries(one, answer, { startMs: one.startMs + addMs, stepMs: one.stepMs, endMs: one.endMs + addMs });
  if (one.string !== undefined)
    return answer.text === one.string ? undefined : `a ${answer.type} ${answer.text}, not the string`;
  if (one.matrix)
    return compareSeries(one, answer, {
      ...one.matrix,
      startMs: one.matrix.startMs + addMs,
      endMs: Number.POSITIVE_INFINITY,
    });
  if (one.scalar !== undefined && one.rows.length === 0) {
    const value = answer.series[0]?.points[0]?.[1] ?? Number.NaN;
    if (answer.type !== 'scalar') return `a ${answer.type}, not a scalar`;
    return almost(one.scalar, value) ? undefined : `${value} in place of ${one.scalar}`;
  }
  if (answer.type !== 'vector') return `a ${answer.type}, not a vector`;
  return compareVector(one, answer);
}

function show(labels: readonly LabelPair[]): string {
  return `{${labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`;
}

function compareVector(one: Case, answer: Answer): string | undefined {
  const wanted = new Map(one.rows.map((row, place) => [labelsOf(row.labels).key, { row, place }]));
  const ordered = one.expects.some(({ type }) => type === 'ordered');
  for (const [place, { labels, points }] of answer.series.entries()) {
    const key = labelsOf(labels).key;
    const want = wanted.get(key);
    const value = (points[0] as readonly [number, number])[1];
    if (!want) return `unexpected ${show(labels)} ${value}`;
    if (ordered && want.place !== place) return `${show(labels)} is number ${place}, not ${want.place}`;
    if (!almost(want.row.values[0] as number, value)) return `${show(labels)} is ${value}, not ${want.row.values[0]}`;
    wanted.delete(key);
  }
  const [left] = wanted.values();
  return left ? `missing ${show(left.row.labels)} ${left.row.values[0]}` : undefined;
}

interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly endMs: number;
}

function compareSeries(one: Case, answer: Answer, { startMs, stepMs, endMs }: Grid): string | undefined {
  const rows = one.scalar !== undefined && one.rows.length === 0 ? [{ labels: [], values: [one.scalar] }] : one.rows;
  const wanted = new Map(rows.map((row) => [labelsOf(row.labels).key, row]));
  for (const { labels, points } of answer.series) {
    const key = labelsOf(labels).key;
    const want = wanted.get(key);
    const got = points.map(([, value]) => value).slice(0, 10);
    if (!want) return `unexpected ${show(labels)} ${got.join(' ')}`;
    wanted.delete(key);
    const expected = want.values
      .map((value, i) => [startMs + i * stepMs, value] as const)
      .filter(([ms, value]) => value !== undefined && ms <= endMs);
    if (points.length !== expected.length)
      return `${show(labels)} has ${points.length} points, not ${expected.length}: ${got.join(' ')}`;
    for (const [i, [ms, value]] of points.entries()) {
      const [wantMs, wantValue] = expected[i] as readonly [number, number];
      if (ms !== wantMs) return `${show(labels)} has a point at ${ms}, not at ${wantMs}`;
      if (!almost(wantValue, value)) return `${show(labels)} at ${ms} is ${value}, not ${wantValue}`;
    }
  }
  const left = [...wanted.values()].find(({ values }) => values.some((value) => value !== undefined));
  return left ? `missing ${show(left.labels)}` : undefined;
}

/** Warnings and infos: there where they are expected, with the text if one is given. */
export function noteProblem(one: Case, { warnings, infos }: Answer): string | undefined {
  for (const [type, notes] of [
    ['warn', warnings],
    ['info', infos],
  ] as const) {
    if (notes.length > 0 && one.expects.some((expect) => expect.type === `no_${type}`))
      return `unexpected ${type}: ${notes[0]}`;
    for (const expect of one.expects.filter((each) => each.type === type)) {
      if (!notes.some((note) => fits(expect, note)))
        return `no ${type} ${expect.text ?? ''}, but ${notes.join('; ') || 'none'}`;
    }
  }
  return undefined;
}

export function fits({ how, text }: Expectation, message: string): boolean {
  if (text === undefined) return true;
  return how === 'regex' ? new RegExp(text).test(message) : message.includes(text);
}
