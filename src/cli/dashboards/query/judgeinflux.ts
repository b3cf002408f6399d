/** What an InfluxQL or Flux query asks for, against the measurements that the sinks write, and against those of others. */
import { nearest } from '../../../config/nearest.ts';
import { OTHER_LABELS } from '../known/cadvisor.ts';
import { CADVISOR_INFLUX, HEAPSTER, HEAPSTER_LEVELS } from '../known/heapster.ts';
import type { Other } from '../known/other.ts';
import type { Measurement, Schema } from '../known/schema.ts';
import { TELEGRAF } from '../known/telegraf.ts';
import type { Finding } from '../items.ts';
import type { Offered, OfferedMeasurement } from '../offered.ts';
import type { InfluxAsked } from './influxql.ts';
import { patternOf } from './pattern.ts';
import { isOpen, openPattern, readable } from './variables.ts';

/** In this order: a field of Heapster's is looked for by its exact name before Telegraf's, which has patterns. */
const SCHEMAS = [HEAPSTER, CADVISOR_INFLUX, TELEGRAF];

export function judgeInflux(asked: InfluxAsked, { offered }: { offered: Offered }): Finding[] {
  const { measurements } = asked;
  if (measurements.length === 0) return anywhere(asked, offered);
  return measurements.flatMap((name) => {
    const own = ownNamed(name, offered);
    if (own) return judgeOwn(asked, { name, own, offered });
    return judgeOther(asked, name, offered);
  });
}

/** The measurement, or the first that a pattern fits. */
function ownNamed(name: string, { measurements }: Offered): OfferedMeasurement | undefined {
  const fits = patternIn(name);
  if (!fits) return measurements.get(name);
  return [...measurements].find(([each]) => fits.test(each))?.[1];
}

function patternIn(name: string): RegExp | undefined {
  if (isOpen(name)) return openPattern(name.replaceAll(/^\/\^?|\$?\/$/g, ''));
  return /^\/.+\/$/.test(name) ? patternOf(name.slice(1, -1), { whole: false }) : undefined;
}

function judgeOwn(asked: InfluxAsked, place: { name: string; own: OfferedMeasurement; offered: Offered }): Finding[] {
  const { name, own, offered } = place;
  const isTag = (key: string): boolean =>
    own.tags.has(key) ||
    (own.ofContainers && (key === 'name' || key === 'image' || key === 'engine' || offered.readable(key)));
  const columns = asked.columns.filter((key) => !isOpen(key) && !own.fields.has(key) && !isTag(key));
  const tags = [...asked.tags, ...asked.conditions.map(({ key }) => key)].filter(
    (key) => !isOpen(key) && !isTag(key) && !own.fields.has(key),
  );
  const off: Finding[] =
    own.off === undefined
      ? []
      : [{ status: 'setting', name, use: `agent.families: [${own.off}]`, why: `The family ${own.off} is off.` }];
  return [
    ...off,
    ...columns.map((key): Finding => {
      const near = nearest(key, [...own.fields]);
      return {
        status: 'no',
        name: `field ${key}`,
        ...(near ? { use: near } : {}),
        why: `${name} has no such field; METRICS.md lists them.`,
      };
    }),
    ...tags.map((key) => noTag(key, `${name} has no such tag; METRICS.md says which there are.`)),
  ];
}

function noTag(key: string, why: string, schemas: readonly Schema[] = SCHEMAS): Finding {
  const known = schemas.find(({ tags }) => tags.has(key))?.tags.get(key) ?? OTHER_LABELS.get(key);
  if (!known) return { status: 'no', name: `tag ${key}`, why };
  return { status: 'no', name: `tag ${key}`, why: known.why, ...(known.use === undefined ? {} : { use: known.use }) };
}

/** `SHOW TAG VALUES WITH KEY = "host"`: of all measurements. */
function anywhere(asked: InfluxAsked, offered: Offered): Finding[] {
  const isTag = (key: string): boolean =>
    isOpen(key) ||
    offered.readable(key) ||
    key === 'engine' ||
    [...offered.measurements.values()].some(({ tags }) => tags.has(key));
  const keys = [...asked.tags, ...asked.conditions.map(({ key }) => key)];
  // Whose they are shows in the others beside it.
  const knows = (schema: Schema): number => keys.filter((key) => schema.tags.has(key)).length;
  const likely = [...SCHEMAS].sort((a, b) => knows(b) - knows(a));
  return keys
    .filter((key) => !isTag(key))
    .map((key) => noTag(key, 'No measurement of Plimsoll’s has this tag.', likely));
}

function judgeOther(asked: InfluxAsked, name: string, offered: Offered): Finding[] {
  const of = SCHEMAS.flatMap((schema) =>
    schema.measurements.filter((each) => named(each, name)).map((found) => ({ schema, found })),
  );
  if (of.length === 0) return [notKnown(name, offered)];
  const columns = asked.columns.filter((key) => !isOpen(key) && key !== '*');
  // A variable's query asks for a measurement's tags: what they are called here is what counts.
  const asksFields = columns.length > 0 || asked.tags.length === 0;
  const fields = asksFields ? (columns.length > 0 ? columns : ['']) : [];
  const level = asked.conditions.find(({ key }) => key === 'type')?.value ?? '';
  const findings = fields.map((field) => fieldFinding({ name, field, level, of }, offered));
  const [first] = of;
  const schemas = first ? [first.schema] : [];
  const keys = [...new Set([...asked.tags, ...asked.conditions.map(({ key }) => key)])];
  const tags = keys.filter((key) => schemas.some(({ tags }) => tags.has(key)));
  return [...findings, ...tags.map((key) => ({ ...noTag(key, '', schemas), from: first?.schema.from ?? '' }))];
}

function named({ names }: Measurement, name: string): boolean {
  const fits = patternIn(name);
  if (names instanceof RegExp) return !fits && names.test(name);
  return fits ? names.some((each) => fits.test(each)) : names.includes(name);
}

interface Foreign {
  readonly name: string;
  readonly field: string;
  readonly level: string;
  readonly of: readonly { readonly schema: Schema; readonly found: Measurement }[];
}

function fieldFinding({ name, field, level, of }: Foreign, offered: Offered): Finding {
  const fits = ({ names }: Other): boolean => (names instanceof RegExp ? names.test(field) : names.includes(field));
  for (const { schema, found } of of) {
    const row = found.fields.find(fits);
    if (row) return said(row, { name: nameOf(name, field), from: schema.from, level }, offered);
  }
  const rest = of.find(({ found }) => found.rest);
  const first = of[0];
  const why =
    rest?.found.rest?.why ??
    `A measurement of ${first?.schema.from ?? 'others'}, and none of Plimsoll’s has this field.`;
  return { status: 'no', name: nameOf(name, field), why, from: (rest ?? first)?.schema.from ?? '' };
}

function nameOf(measurement: string, field: string): string {
  return readable(field === '' || field === 'value' ? measurement : `${measurement} ${field}`);
}

function said(
  { use, why }: Omit<Other, 'names'>,
  about: { name: string; from: string; level: string },
  offered: Offered,
): Finding {
  const { name, from, level } = about;
  const here = use && atLevel(use, level);
  return { status: 'no', name, why, from, ...(here ? { use: inInflux(here, offered) } : {}) };
}

/** `<level>_…` as what the tag `type` said; a node's numbers were those of the whole machine. */
function atLevel(use: string, level: string): string {
  const prefix = HEAPSTER_LEVELS.get(level) ?? 'container';
  if (level !== 'node') return use.replaceAll('<level>', prefix);
  return use.replace(/<level>(\w+)\{?/g, (found, name: string) =>
    found.endsWith('{') ? `${prefix}${name}{id="/",` : `${prefix}${name}{id="/"}`,
  );
}

/** A query in PromQL's words in those of InfluxDB: `measurement.field`, the host by its tag. */
function inInflux(use: string, { metrics }: Offered): string {
  const query = use.replace(/\brate\(([^[\]]+)\[1m\]\)/g, 'non_negative_derivative($1, 1s)');
  return query.replace(/\b([a-z]+_[a-z0-9_]+)(?:\{([^}]*)\})?/g, (whole, metric: string, selector = '') => {
    const stored = metrics.get(metric)?.stored ?? [];
    const wanted = [...String(selector).matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value] as const);
    const fits = stored.filter(({ labels }) =>
      wanted.every(([key, value]) => key === 'id' || !labels.some(([name, its]) => name === key && its !== value)),
    );
    // Of a cgroup alone and with those below it the latter: it is there on both versions.
    const one = fits.at(-1);
    if (!one) return whole;
    return `${one.measurement}.${one.field}${wanted.some(([key]) => key === 'id') ? ' of cgroup "/"' : ''}`;
  });
}

function notKnown(name: string, { measurements }: Offered): Finding {
  const near = nearest(name, [...measurements.keys()]);
  if (near !== undefined)
    return {
      status: 'no',
      name: `measurement ${name}`,
      use: near,
      why: 'There is no such measurement; this one is close.',
    };
  if (/^(container|machine|service|pod|namespace|node_containers|cluster)_/.test(name))
    return {
      status: 'no',
      name: `measurement ${name}`,
      why: 'Plimsoll has no such measurement; METRICS.md lists its families.',
    };
  const why = 'Neither Plimsoll’s nor of those that it replaces: it goes on as long as what writes it does.';
  return { status: 'elsewhere', name: `measurement ${readable(name)}`, why };
}
