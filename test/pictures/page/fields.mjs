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
  '#ad2828',
  '#ad5a28',
  '#ad8c28',
  '#9cad28',
  '#6bad28',
  '#39ad28',
  '#28ad49',
  '#28ad7b',
  '#28adad',
  '#287bad',
  '#2849ad',
  '#3928ad',
  '#6b28ad',
  '#9c28ad',
  '#ad288c',
  '#ad285a',
  '#d46353',
  '#d49353',
  '#d4c353',
  '#b4d453',
  '#84d453',
  '#54d453',
  '#53d483',
  '#53d4b3',
  '#53c4d4',
  '#5394d4',
  '#5364d4',
  '#7353d4',
  '#a353d4',
  '#d353d4',
  '#d453a4',
  '#d45374',
  '#7e1a1a',
  '#7e401a',
  '#7e651a',
  '#717e1a',
  '#4c7e1a',
  '#277e1a',
  '#1a7e33',
  '#1a7e58',
  '#1a7e7e',
  '#1a587e',
  '#1a337e',
  '#271a7e',
  '#4c1a7e',
  '#711a7e',
  '#7e1a65',
  '#7e1a40',
];

/** The same name has the same colour in each panel. */
export function colorOf(name) {
  let hash = 0x811c9dc5;
  for (const c of name) hash = Math.imul(hash ^ c.charCodeAt(0), 0x01000193) >>> 0;
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
