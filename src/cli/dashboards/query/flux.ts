/**
 * What a Flux script asks for, pipeline by pipeline: the comparisons in its filters, the columns it groups by, and the tags whose values it wants.
 * Read by their form; functions of the script's own are not followed.
 */
import type { Condition, InfluxAsked } from './influxql.ts';

/** Throws an Error if it is no Flux. */
export function readFlux(text: string): InfluxAsked[] {
  const bare = text.replace(/^\s*\/\/.*$/gm, '');
  const begins = [...bare.matchAll(/\bfrom\s*\(\s*bucket|\b(?:schema|v1)\.\w+\s*\(/g)].map(({ index }) => index);
  if (begins.length === 0) throw new Error('it is no Flux: it has no from(bucket: …) and no schema.…(…)');
  return begins.map((begin, i) => pipeline(bare.slice(begin, begins[i + 1])));
}

const COMPARES =
  /\br(?:\.(\w+)|\["([^"]+)"\])\s*(==|=~)\s*(?:"((?:[^"\\]|\\.)*)"|(\/(?:[^/\\\n]|\\.)+\/)|\$?\{?(\w+)\}?)/g;

function pipeline(text: string): InfluxAsked {
  const compared: Condition[] = [...text.matchAll(COMPARES)].map(([, dotted, quoted, , string, regex, word]) => ({
    key: dotted ?? quoted ?? '',
    value: string ?? regex ?? word ?? '',
  }));
  const valuesOf = (key: string): string[] => compared.filter((each) => each.key === key).map(({ value }) => value);
  const argument = (name: string): string[] =>
    [...text.matchAll(new RegExp(`\\b${name}\\s*:\\s*"([^"]+)"`, 'g'))].map((match) => match[1] as string);
  const grouped = [...text.matchAll(/\bgroup\s*\(\s*columns\s*:\s*\[([^\]]*)\]/g)].flatMap(([, list = '']) =>
    [...list.matchAll(/"([^"]+)"/g)].map((match) => match[1] as string),
  );
  const own = (name: string): boolean => !name.startsWith('_');
  return {
    measurements: [...valuesOf('_measurement'), ...argument('measurement')],
    columns: valuesOf('_field'),
    conditions: compared.filter(({ key }) => own(key)),
    tags: [...grouped, ...argument('tag')].filter(own),
  };
}
