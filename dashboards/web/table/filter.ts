/**
 * The filter's language: words that are all to be found (`web shop`), not to be found (`-test`), in one field (`host:web-1`), and numbers
 * compared (`memory>100M`, `cpu>=50`, `memory%>80`). Text comes in, a test of a row goes out; what cannot be read is looked for as it stands.
 */
import type { Row } from '../live/message.ts';

export type Test = (row: Row) => boolean;

const FIELDS: ReadonlyMap<string, (row: Row) => string> = new Map<string, (row: Row) => string>([
  ['name', (row) => row.name],
  ['host', (row) => row.node],
  ['image', (row) => row.image ?? ''],
  ['service', (row) => row.service ?? row.pod ?? ''],
  ['project', (row) => row.project ?? ''],
  ['namespace', (row) => row.namespace ?? ''],
  ['pod', (row) => row.pod ?? ''],
  ['id', (row) => row.id],
  ['state', (row) => row.state ?? ''],
  ['health', (row) => row.health ?? ''],
]);

const NUMBERS: ReadonlyMap<string, (row: Row) => number | null> = new Map<string, (row: Row) => number | null>([
  // As shown: 100 is one core, or all of a limit.
  ['cpu', (row) => hundred(row.cpu)],
  ['cpu%', (row) => hundred(share(row.cpu, row.cpuLimit))],
  ['throttled', (row) => hundred(row.throttled)],
  ['memory', (row) => row.memory],
  ['memory%', (row) => hundred(share(row.memory, row.memoryLimit))],
  ['net', (row) => added(row.rx, row.tx)],
  ['io', (row) => added(row.read, row.write)],
  ['threads', (row) => row.threads],
  ['restarts', (row) => row.restarts],
  ['exit', (row) => row.exit],
]);

/** What is offered beside the box. */
export const FILTER_HELP =
  'Words that are all to be found; -word that is not; host: image: service: project: state: health: name:, as in state:running; ' +
  'numbers, as in memory>100M, memory%>80, cpu>50, restarts>0';

const SIZES: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['k', 1024],
  ['m', 1024 ** 2],
  ['g', 1024 ** 3],
  ['t', 1024 ** 4],
]);

const COMPARE: ReadonlyMap<string, (a: number, b: number) => boolean> = new Map<
  string,
  (a: number, b: number) => boolean
>([
  ['>', (a, b) => a > b],
  ['>=', (a, b) => a >= b],
  ['<', (a, b) => a < b],
  ['<=', (a, b) => a <= b],
  ['=', (a, b) => a === b],
]);

export function filterOf(text: string): Test {
  const tests = termsOf(text).map(testOf);
  return (row) => tests.every((test) => test(row));
}

/** Separated by spaces; what stands in quotes holds together. */
export function termsOf(text: string): string[] {
  return [...text.matchAll(/(?:"[^"]*"?|[^\s"])+/g)]
    .map(([term]) => term.replaceAll('"', ''))
    .filter((term) => term !== '');
}

function testOf(term: string): Test {
  if (term.length > 1 && term.startsWith('-')) {
    const test = testOf(term.slice(1));
    return (row) => !test(row);
  }
  return numberTest(term) ?? fieldTest(term) ?? anywhere(term.toLowerCase());
}

function numberTest(term: string): Test | undefined {
  const [, name = '', how = '', amount = '', size = ''] =
    /^([a-z]+%?)(>=|<=|>|<|=)(\d+(?:\.\d+)?)([kmgt]?)i?b?%?$/i.exec(term) ?? [];
  const [of, compare] = [NUMBERS.get(name.toLowerCase()), COMPARE.get(how)];
  if (of === undefined || compare === undefined) return undefined;
  const wanted = Number(amount) * (SIZES.get(size.toLowerCase()) ?? 1);
  return (row) => {
    const value = of(row);
    return value !== null && compare(value, wanted);
  };
}

function fieldTest(term: string): Test | undefined {
  const at = term.indexOf(':');
  const of = at > 0 ? FIELDS.get(term.slice(0, at).toLowerCase()) : undefined;
  const wanted = term.slice(at + 1).toLowerCase();
  // While it is being typed it hides nothing.
  return of && ((row) => of(row).toLowerCase().includes(wanted));
}

function anywhere(wanted: string): Test {
  return (row) =>
    [
      row.name,
      row.node,
      row.image,
      row.service,
      row.project,
      row.namespace,
      row.pod,
      row.id,
      row.state,
      row.health,
    ].some((text) => text?.toLowerCase().includes(wanted));
}

export function share(value: number | null, limit: number | null): number | null {
  return value === null || limit === null || limit <= 0 ? null : value / limit;
}

export function added(...values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0);
}

function hundred(value: number | null): number | null {
  return value === null ? null : value * 100;
}
