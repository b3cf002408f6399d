/**
 * Names as a scrape of the collector would have given them: legal label names, `job` and `instance` of the job that would have had them, and what the
 * container calls so under `exported_…`.
 */
import { legalName } from '../../src/exposition/sheet.ts';
import { type LabelPair, type Labels, labels, pairsOf } from '../../src/model/labels.ts';
import type { Column } from '../../src/model/shape.ts';

/** The jobs of the README's `scrape_configs`. */
const CONTAINERS_JOB = 'plimsoll-containers';
/** What the collector says of groups and of itself. */
export const GROUPS_JOB = 'plimsoll-collector';
export const AGENT_JOB = 'plimsoll-agent';
export const COLLECTOR_JOBS = [CONTAINERS_JOB, GROUPS_JOB];

const RENAMED = new Map<string, string>([
  ['job', 'exported_job'],
  ['instance', 'exported_instance'],
]);

/** Foreign names, and what is made of them: few, and asked for again and again. */
const known = new Map<string, string>();
const MOST_KNOWN = 10_000;

/** A label's name as a scrape gives it. */
export function scrapedName(foreign: string): string {
  let name = known.get(foreign);
  if (name === undefined) {
    const legal = legalName(foreign);
    name = RENAMED.get(legal) ?? legal;
    if (known.size < MOST_KNOWN) known.set(foreign, name);
  }
  return name;
}

/** A row's labels; the same object where all names may stay. */
export function shownLabels(own: Labels): Labels {
  if (own.names.every((name) => scrapedName(name) === name)) return own;
  const pairs: LabelPair[] = [];
  for (const [name, value] of pairsOf(own)) pairs.push([scrapedName(name), value]);
  return labels(pairs);
}

/** The columns of a level's table with the labels that a scrape adds. */
export function shownColumns(level: string, columns: readonly Column[], instance: string): Column[] {
  const job = level === 'container' ? CONTAINERS_JOB : GROUPS_JOB;
  return columns.map((column) => {
    const all = labels([['instance', instance], ['job', job], ...column.labels]);
    return { ...column, labels: [...pairsOf(all)] };
  });
}
