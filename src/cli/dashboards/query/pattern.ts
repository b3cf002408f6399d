/**
 * Patterns of queries, which others have written, for our names: as a RegExp that cannot take long, or undefined where it might or cannot be one.
 * Prometheus and InfluxDB have RE2, which never does.
 */

const MAX_LENGTH = 1000;
/** A repetition of what holds a repetition or a choice, the kinds that can take for ever. */
const MAY_TAKE_LONG = /[+*}|][^()]*\)[+*{]|\.\*.*\.\*.*\.\*.*\.\*.*\.\*/;

/** `whole`: it has to fit from beginning to end, as Prometheus has it. */
export function patternOf(text: string, { whole }: { readonly whole: boolean }): RegExp | undefined {
  const [, flags = '', rest = ''] = /^(?:\(\?([ims]+)\))?([\s\S]*)$/.exec(text) ?? [];
  if (rest.length > MAX_LENGTH || MAY_TAKE_LONG.test(rest)) return undefined;
  try {
    return new RegExp(whole ? `^(?:${rest})$` : rest, flags);
  } catch (_notJavaScripts) {
    return undefined;
  }
}
