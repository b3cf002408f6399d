/**
 * Grafana's variables and macros, filled in so that a query can be parsed: text in, text out. What somebody chooses in the dashboard is not
 * known, so a mark stands for it, which `isOpen` finds again in a metric, label or value.
 */

/** A legal word wherever a metric, a label or a number can stand, and inside of a value. */
const MARK = 'grafana_variable';

/** Whether a name or value holds what somebody chooses. */
export function isOpen(text: string): boolean {
  return text.includes(MARK);
}

const MAX_CHOICES = 4;

/** A name or value with a choice in it as a pattern for what it may become. */
export function openPattern(text: string): RegExp {
  const parts = text.replaceAll(new RegExp(`(?:${MARK})+`, 'g'), MARK).split(MARK);
  // Many of them can become anything, and would take long to try.
  if (parts.length > MAX_CHOICES + 1) return /^/;
  return new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`);
}

/** For people: the choice is shown as `$…`. */
export function readable(text: string): string {
  return text.replaceAll(MARK, '$…');
}

/** `${name}`, `${name:regex}`, `${name.field}`, `[[name]]`, `[[name:csv]]`, `$name`. */
const VARIABLE = /\$\{([A-Za-z_]\w*)(?:\.[^:}]*)?(?::[^}]*)?\}|\[\[([A-Za-z_]\w*)(?::[^\]]*)?\]\]|\$([A-Za-z_]\w*)/g;

export type Values = ReadonlyMap<string, string | undefined>;

/** A PromQL query with everything filled in. Durations become a minute, which is as good as any. */
export function fillPromql(text: string, values: Values): string {
  return fill(text, (name, before, after) => {
    if (/(\[|\[[^\]"]*:|\boffset\s+-?|@)\s*$/.test(before)) return /^(ms|[smhdwy])/.test(after) ? '1' : '1m';
    return isNumber(name) ? '60' : plain(values.get(name));
  });
}

/** An InfluxQL or Flux query with everything filled in. */
export function fillInflux(text: string, values: Values): string {
  const macros = text
    .replace(/\$__timeFilter\b(\([^)]*\))?|\$timeFilter\b/g, 'time > 0')
    .replace(/\$\{?(__interval|interval|__rate_interval)(:[^}]*)?\}?(?![A-Za-z_])/g, '1m');
  return fill(macros, (name) => (isNumber(name) ? '60' : plain(values.get(name))));
}

type Filled = (name: string, before: string, after: string) => string;

function fill(text: string, filled: Filled): string {
  let done = '';
  let at = 0;
  for (const match of text.matchAll(VARIABLE)) {
    const end = match.index + match[0].length;
    done += text.slice(at, match.index) + filled(nameIn(match), text.slice(at, match.index), text.slice(end, end + 2));
    at = end;
  }
  return done + text.slice(at);
}

function nameIn([, braces, brackets, bare]: RegExpMatchArray): string {
  return braces ?? brackets ?? bare ?? '';
}

function isNumber(name: string): boolean {
  return /^__(interval_ms|range_ms|range_s|from|to)$/.test(name);
}

function plain(value: string | undefined): string {
  return value !== undefined && /^[\w.:-]+$/.test(value) ? value : MARK;
}

/** Labels that a legend (`{{name}}`) or an alert's annotation (`{{ $labels.name }}`) names. */
export function labelsNamed(text: string): string[] {
  const inLegend = [...text.matchAll(/\{\{\s*([A-Za-z_]\w*)\s*\}\}/g)];
  const inAlert = [...text.matchAll(/(?:\$labels|\.Labels)\.([A-Za-z_]\w*)/g)];
  return [...new Set([...inLegend, ...inAlert].map((match) => match[1] as string))];
}
