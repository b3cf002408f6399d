/** What there is to choose from at a spot: the store's names, labels and values, and PromQL's own words. Asked once, and kept while the page is open. */
import { labelNames, labelValues, type Meta, metadata, metricNames } from '../api/prom.ts';
import { type Choice, ranked, type Spot } from './complete.ts';
import { FUNCTIONS, KEYWORDS } from './functions.ts';

const kept = new Map<string, Promise<readonly Choice[]>>();

export async function choicesAt(spot: Spot): Promise<Choice[]> {
  const key = JSON.stringify([spot.kind, 'metric' in spot ? spot.metric : '', 'label' in spot ? spot.label : '']);
  const known = kept.get(key) ?? all(spot);
  kept.set(key, known);
  // What could not be asked is asked again the next time.
  known.catch(() => kept.delete(key));
  return ranked(await known, spot.typed);
}

async function all(spot: Spot): Promise<readonly Choice[]> {
  if (spot.kind === 'label') return (await labelNames(spot.metric)).map((text) => ({ text, kind: 'label', help: '' }));
  if (spot.kind === 'value')
    return (await labelValues(spot.label, spot.metric)).map((text) => ({
      text,
      insert: escaped(text),
      kind: 'value',
      help: '',
    }));
  const [names, about] = await Promise.all([metricNames(), metadata().catch(() => new Map<string, Meta>())]);
  return [
    ...names.map((text): Choice => ({ text, kind: 'metric', help: helpOf(about.get(text)) })),
    ...[...FUNCTIONS].map(([text, help]): Choice => ({ text, insert: `${text}(`, kind: 'function', help })),
    ...KEYWORDS.map((text): Choice => ({ text, kind: 'keyword', help: '' })),
  ];
}

function helpOf(meta: Meta | undefined): string {
  return meta === undefined ? '' : `${meta.type}: ${meta.help}`;
}

/** A value within quotes. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
