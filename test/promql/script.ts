/** Test scripts of PromQL (the format of Prometheus' own): text → sections of loads and questions. A section begins with an empty store. */
import { labels as labelsOf } from '../../src/model/labels.ts';
import type { Line, Value } from './notation.ts';
import { duration, line, number, quoted } from './notation.ts';

export interface Load {
  readonly kind: 'load';
  readonly line: number;
  readonly stepMs: number;
  readonly series: readonly Line[];
  /** `load_with_nhcb` makes a native histogram of each classic one. */
  readonly makesNative: boolean;
}

export interface Expectation {
  readonly type: 'fail' | 'warn' | 'no_warn' | 'info' | 'no_info' | 'ordered';
  readonly how: 'msg' | 'regex' | undefined;
  readonly text: string | undefined;
}

export interface Case {
  readonly kind: 'case';
  readonly line: number;
  readonly expr: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0: an instant. */
  readonly stepMs: number;
  readonly expects: readonly Expectation[];
  readonly rows: readonly Line[];
  readonly scalar: number | undefined;
  readonly string: string | undefined;
  /** An instant question may answer with a range vector, from here in these steps. */
  readonly matrix: { readonly startMs: number; readonly stepMs: number } | undefined;
  /** What of the case is not understood. */
  readonly problem: string | undefined;
}

export type Section = readonly (Load | Case)[];

export function parseScript(text: string): Section[] {
  const sections: (Load | Case)[][] = [[]];
  const lines = text.split('\n').map((one) => (one.trim().startsWith('#') ? '' : one.trim()));
  for (let i = 0; i < lines.length; i++) {
    const head = lines[i] as string;
    if (head === '') continue;
    if (head === 'clear') {
      sections.push([]);
      continue;
    }
    const at = i + 1;
    const body: string[] = [];
    while (i + 1 < lines.length && lines[i + 1] !== '' && lines[i + 1] !== 'clear') body.push(lines[++i] as string);
    const load = /^load(_with_nhcb)?\s+(\S+)$/.exec(head);
    (sections.at(-1) as (Load | Case)[]).push(load ? loadOf(load, at, body) : caseOf(head, at, body));
  }
  return sections;
}

function loadOf([, nhcb, step]: RegExpExecArray, at: number, body: readonly string[]): Load {
  return {
    kind: 'load',
    line: at,
    stepMs: duration(step as string),
    series: lastOfEach(body.map(line)),
    makesNative: nhcb !== undefined,
  };
}

/** A script may have a series twice: the later line is meant. */
function lastOfEach(lines: readonly Line[]): Line[] {
  return [...new Map(lines.map((one) => [labelsOf(one.labels).key, one])).values()];
}

const HEAD =
  /^eval(?:_(fail|warn|info|ordered))?\s+(?:instant\s+(?:at\s+(\S+)\s+)?|range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+)(.+)$/;

interface Draft {
  expects: Expectation[];
  rows: Line[];
  scalar?: number;
  string?: string;
  matrix?: { startMs: number; stepMs: number };
}

function caseOf(head: string, at: number, body: readonly string[]): Case {
  const found = HEAD.exec(head);
  const draft: Draft = { expects: [], rows: [] };
  let problem = found ? undefined : `not understood: ${head}`;
  const type = found?.[1] as Expectation['type'] | undefined;
  if (type) draft.expects.push({ type, how: undefined, text: undefined });
  try {
    for (const one of body) bodyLine(one, draft);
  } catch (error) {
    problem ??= (error as Error).message;
  }
  const [instant, start, end, step] = [found?.[2], found?.[3], found?.[4], found?.[5]];
  const ms = (value: string | undefined): number => (value === undefined ? 0 : duration(value));
  return {
    kind: 'case',
    line: at,
    expr: found?.[6] ?? head,
    startMs: start === undefined ? ms(instant) : ms(start),
    endMs: start === undefined ? ms(instant) : ms(end),
    stepMs: ms(step),
    expects: draft.expects,
    rows: draft.rows,
    scalar: draft.scalar,
    string: draft.string,
    matrix: draft.matrix,
    problem,
  };
}

function bodyLine(text: string, draft: Draft): void {
  const range = /^expect\s+range\s+vector\s+from\s+(\S+)\s+to\s+\S+\s+step\s+(\S+)$/.exec(text);
  const string = /^expect\s+string\s+(.+)$/.exec(text);
  const expect = /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(msg|regex):(.*))?$/.exec(text);
  const old = /^expected_fail_(message|regexp)\s+(.+)$/.exec(text);
  const plain = number(text);
  if (range) draft.matrix = { startMs: duration(range[1] as string), stepMs: duration(range[2] as string) };
  else if (string) draft.string = quoted(string[1] as string).value;
  else if (expect) {
    const [, type, how, message] = expect as unknown as [
      string,
      Expectation['type'],
      Expectation['how'],
      string | undefined,
    ];
    draft.expects.push({ type, how, text: message?.trim() });
  } else if (old) draft.expects.push({ type: 'fail', how: old[1] === 'message' ? 'msg' : 'regex', text: old[2] });
  else if (plain !== undefined) draft.scalar = plain;
  else draft.rows.push(line(text));
}

export function samplesOf({ values }: Line, stepMs: number): { ms: number; value: Exclude<Value, undefined> }[] {
  return values
    .map((value, i) => ({ ms: Math.round(i * stepMs), value }))
    .filter((one): one is { ms: number; value: Exclude<Value, undefined> } => one.value !== undefined);
}
