/**
 * What a scraper asks for, from its headers `Accept` and `Accept-Encoding`: the format, the content type to answer with, and
 * whether to compress. Whatever was asked, something is answered: a page in the wrong format says more than a 406.
 */
import type { Format } from './format.ts';

export interface Negotiated {
  readonly format: Format;
  readonly contentType: string;
  readonly gzip: boolean;
}

/** One element of an `Accept` header. */
interface Range {
  readonly type: string;
  readonly params: ReadonlyMap<string, string>;
  /** 0 to 1. */
  readonly q: number;
}

const TEXT_VERSIONS: readonly string[] = ['0.0.4', '1.0.0'];
const OPENMETRICS_VERSIONS: readonly string[] = ['1.0.0', '0.0.1'];

/** How a scraper may want names outside [a-zA-Z0-9_:] written. Ours are all inside, so that any of them is met as it is. */
const ESCAPINGS: readonly string[] = ['allow-utf-8', 'underscores', 'dots', 'values'];

/** Chooses by q-value; among equals the more precise range, then the earlier one. Text 0.0.4 if nothing fits. */
export function negotiate(accept: string | undefined, acceptEncoding: string | undefined): Negotiated {
  const gzip = wantsGzip(acceptEncoding);
  let best: { format: Format; version: string; range: Range } | undefined;
  for (const range of ranges(accept ?? '')) {
    const offer = offerFor(range);
    if (!offer || range.q <= 0) continue;
    const better =
      !best || range.q > best.range.q || (range.q === best.range.q && precision(range) > precision(best.range));
    if (better) best = { ...offer, range };
  }
  const { format, version } = best ?? { format: 'text' as const, version: '0.0.4' };
  const escaping = best?.range.params.get('escaping') ?? '';
  const type = format === 'text' ? 'text/plain' : 'application/openmetrics-text';
  const suffix = ESCAPINGS.includes(escaping) ? `; escaping=${escaping}` : '';
  return { format, contentType: `${type}; version=${version}; charset=utf-8${suffix}`, gzip };
}

function offerFor({ type, params }: Range): { format: Format; version: string } | undefined {
  const asked = params.get('version');
  if (type === 'application/openmetrics-text' || type === 'application/*') {
    const version = asked ?? '1.0.0';
    return OPENMETRICS_VERSIONS.includes(version) ? { format: 'openmetrics', version } : undefined;
  }
  if (type !== 'text/plain' && type !== 'text/*' && type !== '*/*') return undefined;
  const version = asked ?? '0.0.4';
  return TEXT_VERSIONS.includes(version) ? { format: 'text', version } : undefined;
}

function precision({ type }: Range): number {
  return type === '*/*' ? 0 : type.endsWith('/*') ? 1 : 2;
}

/** gzip unless it is refused, not named, or liked less than no compression. */
function wantsGzip(acceptEncoding: string | undefined): boolean {
  const q = new Map(ranges(acceptEncoding ?? '').map((range) => [range.type, range.q]));
  const gzip = q.get('gzip') ?? q.get('x-gzip') ?? q.get('*') ?? 0;
  return gzip > 0 && gzip >= (q.get('identity') ?? 0);
}

function ranges(header: string): Range[] {
  return header.split(',').flatMap((element) => {
    const [type = '', ...rest] = element.split(';').map((part) => part.trim());
    if (type === '') return [];
    const params = new Map<string, string>();
    for (const param of rest) {
      const at = param.indexOf('=');
      if (at > 0) params.set(param.slice(0, at).trim().toLowerCase(), unquoted(param.slice(at + 1).trim()));
    }
    const q = params.has('q') ? Number(params.get('q')) : 1;
    return [{ type: type.toLowerCase(), params, q: q >= 0 && q <= 1 ? q : 0 }];
  });
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
