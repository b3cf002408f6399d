/**
 * File, then environment, then flags, the later winning, into one checked configuration. Errors name the key, the value, where
 * it came from, and what is legal; all of them at once, so that nobody mends a file one line a time.
 */
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type * as z from 'zod';
import { ConfigError } from '../errors.ts';
import { configLeaves, type Leaf } from './leaves.ts';
import { type Config, schema } from './schema.ts';
import { wordsOf } from './words.ts';

export interface ConfigInput {
  /** Path of the YAML file, if any. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By leaf path: `agent.interval` -> `1s`. */
  readonly flags: ReadonlyMap<string, string>;
}

/** Environment variables that start like ours but are no keys. */
const OTHER_VARIABLES = new Set(['PLIMSOLL_CONFIG']);

type Raw = Record<string, unknown>;

/** Reads and checks the configuration. Throws a ConfigError. */
export function loadConfig({ file, env, flags }: ConfigInput): Config {
  const raw: Raw = file === undefined ? {} : readYaml(file);
  const origin = new Map<string, string>();
  const leaves = configLeaves();
  for (const leaf of leaves) {
    if (leaf.type === 'map') continue;
    const fromEnv = env[leaf.env];
    const flag = flags.get(leaf.path);
    if (fromEnv !== undefined) put(raw, leaf, fromEnv);
    if (flag !== undefined) put(raw, leaf, flag);
    if (flag !== undefined) origin.set(leaf.path, `flag --${leaf.path}`);
    else if (fromEnv !== undefined) origin.set(leaf.path, `environment ${leaf.env}`);
  }
  refuseUnknownVariables(env, leaves);
  const parsed = schema.safeParse(raw, { error: wordsOf });
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.flatMap((issue) => describe(issue, { raw, origin, file, leaves }));
  throw new ConfigError(`the configuration is not usable:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

function readYaml(file: string): Raw {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`cannot read the configuration file ${file}: ${(error as Error).message}`, { cause: error });
  }
  const document = parseDocument(source, { prettyErrors: true });
  const [first] = document.errors;
  if (first) throw new ConfigError(`${file} is not YAML: ${first.message}`, { cause: first });
  const value: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new ConfigError(`${file} must hold keys and values, such as "agent:"; it holds ${JSON.stringify(value)}`);
  }
  return value as Raw;
}

/** Sets a leaf from text; a list is separated by commas. Text that does not fit stays text, for the schema to refuse. */
function put(raw: Raw, leaf: Leaf, given: string): void {
  const keys = leaf.path.split('.');
  let at = raw;
  for (const key of keys.slice(0, -1)) {
    const next = Object.hasOwn(at, key) ? at[key] : undefined;
    if (typeof next !== 'object' || next === null || Array.isArray(next)) at[key] = {};
    at = at[key] as Raw;
  }
  at[keys.at(-1) as string] = fromText(leaf, given);
}

function fromText(leaf: Leaf, given: string): unknown {
  if (leaf.type === 'list')
    return given
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  if (leaf.type === 'boolean') return given === 'true' ? true : given === 'false' ? false : given;
  if (leaf.type === 'number') return /^-?\d+(\.\d+)?$/.test(given) ? Number(given) : given;
  return given;
}

/** A misspelt variable would otherwise do nothing in silence. */
function refuseUnknownVariables(env: ConfigInput['env'], leaves: readonly Leaf[]): void {
  const known = new Set(leaves.map((leaf) => leaf.env));
  for (const name of Object.keys(env)) {
    if (!name.startsWith('PLIMSOLL_') || known.has(name) || OTHER_VARIABLES.has(name)) continue;
    const near = nearest(name, [...known]);
    throw new ConfigError(`environment ${name}: no such key${near ? `; did you mean ${near}?` : ''}`);
  }
}

interface Context {
  readonly raw: Raw;
  readonly origin: ReadonlyMap<string, string>;
  readonly file: string | undefined;
  readonly leaves: readonly Leaf[];
}

function describe(issue: z.core.$ZodIssue, context: Context): string[] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(path === '' ? key : `${path}.${key}`, context));
  }
  const value = issue.path.reduce<unknown>((at, key) => (at as Raw | undefined)?.[key as string], context.raw);
  const where = context.origin.get(path) ?? (context.file === undefined ? '' : `in ${context.file}`);
  const shown = value === undefined ? 'is missing' : `is ${shorten(JSON.stringify(value))}`;
  return [`${path}: ${shown}${where === '' ? '' : ` (${where})`}: ${issue.message}`];
}

function unknownKey(path: string, { file, leaves }: Context): string {
  const parent = path.includes('.') ? path.slice(0, path.lastIndexOf('.') + 1) : '';
  const siblings = leaves.filter((leaf) => leaf.path.startsWith(parent)).map((leaf) => leaf.path);
  const legal = [...new Set(siblings.map((p) => p.slice(parent.length).split('.')[0] as string))];
  const near = nearest(path, siblings);
  const hint = near ? `; did you mean ${near}?` : legal.length > 0 ? `; legal here: ${legal.join(', ')}` : '';
  return `${path}: no such key${file === undefined ? '' : ` (in ${file})`}${hint}`;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** The candidate that is at most two edits away, if there is one. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate, bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string, cap: number): number {
  if (Math.abs(a.length - b.length) >= cap) return cap;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
