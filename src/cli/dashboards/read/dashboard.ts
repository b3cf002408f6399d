/** A dashboard of Grafana, of any age: its variables, annotations and panels with their queries. */
import type { Item, Query, Source } from '../items.ts';
import { listAt, objectOf, objectsIn, type Raw, textAt } from './json.ts';
import { queryOf } from './targets.ts';
import { type SourceOf, variableItems, variableValues } from './variables.ts';

export function isDashboard(raw: Raw): boolean {
  return Array.isArray(raw.panels) || Array.isArray(raw.rows) || objectOf(raw.elements) !== undefined;
}

export function readDashboard(dashboard: Raw): Source {
  const sourceOf = sourcesOf(dashboard);
  const library = librariesOf(dashboard);
  const panels = objectOf(dashboard.elements) ? elementsOf(dashboard) : panelsOf(dashboard);
  return {
    kind: 'dashboard',
    title: textAt(dashboard, 'title') ?? 'without a title',
    items: [
      ...variableItems(dashboard, sourceOf),
      ...annotationItems(dashboard, sourceOf),
      ...panels.flatMap((panel) => panelItem(panel, sourceOf, library) ?? []),
    ],
    variables: variableValues(dashboard),
  };
}

/** Grafana before 5 had rows of panels; later a collapsed row holds its own. */
function panelsOf(dashboard: Raw): Raw[] {
  const top = [...listAt(dashboard, 'rows').flatMap((row) => listAt(row, 'panels')), ...listAt(dashboard, 'panels')];
  return top.flatMap((panel) => [panel, ...listAt(panel, 'panels')]);
}

/** The newer schema, in the older one's words. */
function elementsOf(dashboard: Raw): Raw[] {
  return Object.values(objectOf(dashboard.elements) ?? {}).flatMap((element) => {
    const spec = objectOf(objectOf(element)?.spec);
    if (!spec) return [];
    const targets = listAt(objectOf(objectOf(spec.data)?.spec), 'queries').flatMap((each) => {
      const query = objectOf(objectOf(each.spec)?.query);
      const type = textAt(query, 'group') ?? textAt(query, 'kind');
      return query ? [{ ...objectOf(query.spec), ...(type === undefined ? {} : { datasource: { type } }) }] : [];
    });
    return [{ ...spec, targets }];
  });
}

function librariesOf(dashboard: Raw): Map<string, Raw> {
  const elements = objectsIn(Object.values(objectOf(dashboard.__elements) ?? {}));
  return new Map(
    elements.flatMap((element) => {
      const [uid, model] = [textAt(element, 'uid'), objectOf(element.model)];
      return uid !== undefined && model ? [[uid, model] as const] : [];
    }),
  );
}

function panelItem(panel: Raw, sourceOf: SourceOf, library: ReadonlyMap<string, Raw>): Item | undefined {
  const reference = objectOf(panel.libraryPanel);
  const model = reference ? (objectOf(reference.model) ?? library.get(textAt(reference, 'uid') ?? '')) : panel;
  const name = panelName(panel, reference);
  if (!model) {
    const why =
      'A library panel, and its definition is not in the file: export the dashboard with "Export for sharing externally".';
    return { name, queries: [], unread: why };
  }
  const queries: Query[] = [];
  const others = new Set<string>();
  for (const target of listAt(model, 'targets')) {
    const found = queryOf(target, sourceOf(target.datasource) ?? sourceOf(model.datasource));
    if (typeof found === 'string') others.add(found);
    else if (found) queries.push(found);
  }
  // Text, rows, lists of dashboards: they ask nothing.
  if (queries.length === 0 && others.size === 0) return undefined;
  return { name, queries, ...(others.size === 0 ? {} : { elsewhere: [...others].join(' ') }) };
}

function panelName(panel: Raw, reference: Raw | undefined): string {
  const id = typeof panel.id === 'number' ? ` ${panel.id}` : '';
  const title = textAt(panel, 'title') ?? textAt(reference, 'name');
  return `panel${id}${title === undefined ? ` without a title${typeof panel.type === 'string' ? ` (${panel.type})` : ''}` : ` "${title}"`}`;
}

function annotationItems(dashboard: Raw, sourceOf: SourceOf): Item[] {
  return listAt(objectOf(dashboard.annotations), 'list').flatMap((annotation) => {
    const target = { ...objectOf(annotation.target), ...annotation };
    const found = annotation.builtIn === 1 ? undefined : queryOf(target, sourceOf(annotation.datasource));
    const name = `annotation ${textAt(annotation, 'name') ?? 'without a name'}`;
    return typeof found === 'object' ? [{ name, queries: [found] }] : [];
  });
}

/**
 * Data sources by type. A reference is an object with a type, a name, or `${NAME}`: an input of an export, or a variable. What the file does
 * not tell is undefined: then the form of the query decides.
 */
function sourcesOf(dashboard: Raw): SourceOf {
  const types = new Map<string, string>();
  for (const input of listAt(dashboard, '__inputs')) {
    const [name, type] = [textAt(input, 'name'), textAt(input, 'pluginId')];
    if (name !== undefined && type !== undefined) types.set(name, type);
  }
  for (const variable of listAt(objectOf(dashboard.templating), 'list')) {
    const [name, type] = [textAt(variable, 'name'), textAt(variable, 'query')];
    if (variable.type === 'datasource' && name !== undefined && type !== undefined) types.set(name, type);
  }
  return (reference) => {
    const object = objectOf(reference);
    const uid = object ? textAt(object, 'uid') : undefined;
    if (uid === '-- Dashboard --' || uid === '-- Mixed --' || uid === '__expr__')
      return uid === '-- Mixed --' ? undefined : uid;
    const type = textAt(object, 'type');
    if (type !== undefined) return type === 'datasource' && uid === '-- Mixed --' ? undefined : type;
    const name = (uid ?? (typeof reference === 'string' ? reference : '')).replace(
      /^\$\{?(\w+)\}?$|^\[\[(\w+)\]\]$/,
      '$1$2',
    );
    if (name === '-- Dashboard --') return name;
    return types.get(name) ?? (/prometheus/i.test(name) ? 'prometheus' : /influx/i.test(name) ? 'influxdb' : undefined);
  };
}
