/** What a panel says of a field: its defaults, and the overrides that fit the field's name; and which colour a value has. */

/** @param {string} name */
export function configOf(panel, name) {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const config = { ...defaults, custom: { ...defaults.custom } };
  for (const { matcher, properties } of overrides) {
    if (!fits(matcher, name)) continue;
    for (const { id, value } of properties) {
      if (id.startsWith('custom.')) config.custom[id.slice('custom.'.length)] = value;
      else config[id] = value;
    }
  }
  return config;
}

function fits({ id, options }, name) {
  if (id === 'byName') return options === name;
  if (id === 'byRegexp') return new RegExp(String(options).replace(/^\/|\/$/g, '')).test(name);
  return false;
}

export const COLORS = new Map([
  ['green', '#56a64b'],
  ['orange', '#ff780a'],
  ['yellow', '#e0b400'],
  ['red', '#e02f44'],
  ['blue', '#3274d9'],
  ['purple', '#a352cc'],
  ['gray', '#8e8e8e'],
  ['text', '#24292e'],
]);

const PALETTE = [
  '#7eb26d',
  '#eab839',
  '#3fa7c9',
  '#ef843c',
  '#e24d42',
  '#1f78c1',
  '#ba43a9',
  '#705da0',
  '#508642',
  '#cca300',
  '#447ebc',
  '#c15c17',
  '#890f02',
  '#0a437c',
  '#6d1f62',
  '#584477',
  '#629e51',
  '#5195ce',
  '#d683ce',
  '#967302',
];

/** The same name has the same colour in each panel. */
export function colorOf(name) {
  let hash = 7;
  for (const c of name) hash = (hash * 31 + c.charCodeAt(0)) >>> 0;
  return PALETTE[hash % PALETTE.length];
}

export function thresholdColor(config, value) {
  const steps = config.thresholds?.steps ?? [];
  let color = 'text';
  for (const step of steps)
    if (step.value === null || step.value === undefined || value >= step.value) color = step.color;
  return COLORS.get(color) ?? color;
}

/** A value as its field writes it: mapped, or with its unit. */
export function mapped(config, value) {
  for (const { type, options } of config.mappings ?? []) {
    if (type === 'value' && options[String(value)]) return options[String(value)];
    if (type === 'range' && value >= (options.from ?? -Infinity) && value <= (options.to ?? Infinity))
      return options.result;
  }
  return undefined;
}

/** `{{name}} limit` with the series' labels. */
export function legendOf(legend, labels) {
  if (legend === '' || legend === '__auto') {
    const rest = Object.entries(labels).filter(([name]) => name !== '__name__');
    return rest.length === 1 ? rest[0][1] : `{${rest.map(([name, value]) => `${name}="${value}"`).join(', ')}}`;
  }
  return legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => labels[name] ?? '');
}
