/** Kubernetes' quantities (`100m`, `16Mi`, `1.5G`, `1e3`) as numbers, as its API conventions describe them. */

const SUFFIXES: ReadonlyMap<string, number> = new Map([
  ['n', 1e-9],
  ['u', 1e-6],
  ['m', 1e-3],
  ['', 1],
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
  ['P', 1e15],
  ['E', 1e18],
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
  ['Ti', 2 ** 40],
  ['Pi', 2 ** 50],
  ['Ei', 2 ** 60],
]);
/** Divided by, so that 100m is a tenth to the last digit. */
const DIVISORS: ReadonlyMap<string, number> = new Map([
  ['n', 1e9],
  ['u', 1e6],
  ['m', 1e3],
]);

/** NaN for what is none. */
export function quantity(text: string): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]?i?)$/.exec(text);
  if (match === null) return Number.NaN;
  const [, number = '', suffix = ''] = match;
  const divisor = DIVISORS.get(suffix);
  if (divisor !== undefined) return Number(number) / divisor;
  return Number(number) * (SUFFIXES.get(suffix) ?? Number.NaN);
}
