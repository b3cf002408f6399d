/** What is shown, as the address says it: a query string comes in, a place goes out, and back. Any text is a place; the default one is empty. */
import { type Range, rangeOf, rangeText } from './range.ts';

export const VIEWS = ['containers', 'hosts', 'explore', 'about'] as const;
export type View = (typeof VIEWS)[number];
export const GROUPINGS = ['service', 'project', 'host', 'namespace'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** What has a page of its own. */
export type Subject =
  | { readonly kind: 'container'; readonly node: string; readonly id: string }
  | { readonly kind: 'host'; readonly node: string }
  | { readonly kind: 'service'; readonly project: string; readonly service: string }
  | { readonly kind: 'project'; readonly project: string }
  | { readonly kind: 'namespace'; readonly namespace: string };

export interface Place {
  readonly view: View;
  /** Instead of the view's list: one thing of it. */
  readonly subject: Subject | undefined;
  readonly filter: string;
  /** A column, and which way; what is none is sorted as by default. */
  readonly sort: string;
  readonly upwards: boolean;
  readonly group: Grouping | undefined;
  /** What has ended, too. */
  readonly ended: boolean;
  readonly range: Range;
  readonly compare: boolean;
  readonly expr: string;
}

export const HOME: Place = {
  view: 'containers',
  subject: undefined,
  filter: '',
  sort: 'memory',
  upwards: false,
  group: undefined,
  ended: false,
  range: 'fitting',
  compare: false,
  expr: '',
};

/** Longer ones are cut: an address is not to become a body. */
const MAX_TEXT = 4000;

export function placeOf(query: string): Place {
  const given = new URLSearchParams(query);
  const text = (name: string): string => (given.get(name) ?? '').slice(0, MAX_TEXT);
  return {
    view: VIEWS.find((view) => view === text('view')) ?? HOME.view,
    subject: subjectOf(text),
    filter: text('q'),
    sort: text('sort') || HOME.sort,
    upwards: given.has('up'),
    group: GROUPINGS.find((group) => group === text('group')),
    ended: given.has('ended'),
    range: rangeOf(given.get('range')),
    compare: given.has('compare'),
    expr: text('expr'),
  };
}

function subjectOf(text: (name: string) => string): Subject | undefined {
  const [node, id, project, service, namespace] = ['node', 'id', 'project', 'service', 'namespace'].map(text) as [
    string,
    string,
    string,
    string,
    string,
  ];
  switch (text('of')) {
    case 'container':
      return id === '' ? undefined : { kind: 'container', node, id };
    case 'host':
      return { kind: 'host', node };
    case 'service':
      return service === '' ? undefined : { kind: 'service', project, service };
    case 'project':
      return project === '' ? undefined : { kind: 'project', project };
    case 'namespace':
      return namespace === '' ? undefined : { kind: 'namespace', namespace };
    default:
      return undefined;
  }
}

/** `?view=…`, or nothing for the place where one begins; only what is not the default is in it. */
export function queryOf(place: Place): string {
  const out = new URLSearchParams();
  const set = (name: string, value: string, fallback = ''): void => {
    if (value !== fallback) out.set(name, value);
  };
  set('view', place.view, HOME.view);
  if (place.subject) {
    const { kind, ...rest } = place.subject;
    out.set('of', kind);
    for (const [name, value] of Object.entries(rest)) set(name, value);
  }
  set('q', place.filter);
  set('sort', place.sort, HOME.sort);
  if (place.upwards) out.set('up', '');
  set('group', place.group ?? '');
  if (place.ended) out.set('ended', '');
  set('range', rangeText(place.range));
  if (place.compare) out.set('compare', '');
  set('expr', place.expr);
  const text = out.toString().replaceAll(/=(?=&|$)/g, '');
  return text === '' ? '' : `?${text}`;
}

/** The page of one thing, with the range that is chosen, and the list as it was, to come back to. */
export function ofSubject(subject: Subject): Partial<Place> {
  return { view: subject.kind === 'host' ? 'hosts' : 'containers', subject };
}
