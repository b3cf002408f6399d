/** The text of a file into what it holds: dashboards of Grafana (JSON, alone or as an export wraps them) or rules (YAML). */
import { parseYaml } from '../../../config/yaml.ts';
import { ConfigError } from '../../../errors.ts';
import type { Source } from '../items.ts';
import { isDashboard, readDashboard } from './dashboard.ts';
import { objectOf, type Raw } from './json.ts';
import { readRules } from './rules.ts';

/** More than this deep nobody wraps a dashboard. */
const MAX_WRAPPERS = 4;

/** Throws a ConfigError that names the file and says what it should be. */
export function readDocument(text: string, file: string): Source[] {
  const begin = text.trimStart().slice(0, 200);
  if (begin === '') throw new ConfigError(`${file} is empty; it must hold a dashboard (JSON) or rules (YAML)`);
  if (begin.startsWith('<')) throw new ConfigError(`${file} is a web page${betterAddress(file)}`);
  if (!/^[{[]/.test(begin)) return rulesOf(parseYaml(text, file, 'groups:'), file);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const dashboards = dashboardsIn(raw, MAX_WRAPPERS);
  if (dashboards.length > 0) return dashboards.map(readDashboard);
  const inside = objectOf(raw);
  return rulesOf(inside ?? {}, file);
}

function rulesOf(raw: Raw, file: string): Source[] {
  const inYaml = dashboardsIn(raw, MAX_WRAPPERS);
  if (inYaml.length > 0) return inYaml.map(readDashboard);
  const rules = readRules(raw);
  if (rules) return [rules];
  const keys = Object.keys(raw).slice(0, 8);
  const holds = keys.length === 0 ? 'nothing of that' : keys.join(', ');
  throw new ConfigError(
    `${file} holds ${holds}: a dashboard has "panels" or "rows", also within "dashboard" or "dashboards"; a rules file has "groups"`,
  );
}

/** `{dashboard: …}`, `{dashboards: […]}`, `{spec: …}`, a list, or the dashboard itself. */
function dashboardsIn(value: unknown, deep: number): Raw[] {
  if (deep === 0) return [];
  if (Array.isArray(value)) return value.flatMap((each) => dashboardsIn(each, deep - 1));
  const raw = objectOf(value);
  if (!raw) return [];
  if (isDashboard(raw)) return [raw];
  return ['dashboard', 'dashboards', 'spec', 'json'].flatMap((key) =>
    key in raw ? dashboardsIn(raw[key], deep - 1) : [],
  );
}

function betterAddress(file: string): string {
  const number = /grafana\.com\/grafana\/dashboards\/(\d+)/.exec(file)?.[1];
  const address = `https://grafana.com/api/dashboards/${number}/revisions/latest/download`;
  return number === undefined
    ? ', not the file itself: give the address of the raw file'
    : `: the dashboard itself is at ${address}`;
}
