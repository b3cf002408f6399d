/**
 * File, then environment, then flags, the later winning, into one checked configuration. Errors name the key, the value, where
 * it came from, and what is legal; all of them at once, so that nobody mends a file one line a time.
 */
import type * as z from 'zod';
import { ConfigError } from '../errors.ts';
import { configLeaves, type Leaf, leafAt, type Meant } from './leaves.ts';
import { nearest } from './nearest.ts';
import { foreignTo, type Program } from './programs.ts';
import { shown, shownKey } from './redact.ts';
import { type Config, schema } from './schema.ts';
import { type Env, givenBy } from './variables.ts';
import { wordsOf } from './words.ts';
import { type Raw, readYaml } from './yaml.ts';

export interface ConfigInput {
  /** Path of the YAML file, if any. */
  readonly file?: string | undefined;
  readonly env: Env;
  /** By path: `agent.interval` -> `1s`, `sinks.main.url` -> `http://influx:8086`. */
  readonly flags: ReadonlyMap<string, string>;
  /** Whose flags and variables these must be; without it, anybody's. */
  readonly program?: Program | undefined;
}

/** Errors beyond this many are counted, not printed. */
const MAX_ERRORS = 30;

/** Reads and checks the configuration. Throws a ConfigError. */
export function loadConfig({ file, env, flags, program }: ConfigInput): Config {
  const raw: Raw = file === undefined ? {} : readYaml(file);
  const leaves = configLeaves();
  const origin = new Map<string, string>();
  const set = ({ leaf, path }: Meant, value: string, from: string): void => {
    // A variable may have been set for another command of the same container: `docker exec agent plimsoll top`.
    const foreign = program === 'top' && !from.startsWith('flag') ? undefined : foreignTo(program, path);
    if (foreign !== undefined) throw new ConfigError(`${from}: ${foreign}`);
    put(raw, path, fromText(leaf, value));
    origin.set(path, from);
  };
  for (const given of givenBy(env, leaves)) set(given, given.value, `environment ${given.variable}`);
  for (const [path, value] of flags) {
    const meant = leafAt(path, leaves);
    if (!meant) throw new ConfigError(`flag --${shownKey(path)}: no such key`);
    set(meant, value, `flag --${path}`);
  }
  const parsed = schema.safeParse(raw, { error: wordsOf });
  if (parsed.success) return parsed.data;
  throw unusable(parsed.error.issues, { raw, origin, file, leaves });
}

function unusable(issues: readonly z.core.$ZodIssue[], context: Context): ConfigError {
  const printed = issues
    .slice(0, MAX_ERRORS)
    .flatMap((issue) => describe(issue, context))
    .slice(0, MAX_ERRORS);
  const all = issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
  if (all > printed.length) printed.push(`and ${all - printed.length} more`);
  return new ConfigError(`the configuration is not usable:\n${printed.map((line) => `  ${line}`).join('\n')}`);
}

/** Sets what is at a path of names that are legal, so none of them is one that objects have by nature and that matters. */
function put(raw: Raw, path: string, value: unknown): void {
  const keys = path.split('.');
  let at = raw;
  for (const key of keys.slice(0, -1)) {
    const next = Object.hasOwn(at, key) ? at[key] : undefined;
    if (typeof next !== 'object' || next === null || Array.isArray(next)) at[key] = {};
    at = at[key] as Raw;
  }
  at[keys.at(-1) as string] = value;
}

/** A list is separated by commas. Text that does not fit stays text, for the schema to refuse. */
function fromText(leaf: Leaf, given: string): unknown {
  if (leaf.type === 'list')
    return given
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  if (leaf.type === 'null') return given === 'null' ? null : given;
  if (leaf.type === 'boolean') return given === 'true' ? true : given === 'false' ? false : given;
  if (leaf.type === 'number') return /^-?\d+(\.\d+)?$/.test(given) ? Number(given) : given;
  return given;
}

interface Context {
  readonly raw: Raw;
  readonly origin: ReadonlyMap<string, string>;
  readonly file: string | undefined;
  readonly leaves: readonly Leaf[];
}

function describe(issue: z.core.$ZodIssue, context: Context): string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MAX_ERRORS).map((key) => unknownKey([...path, key], context));
  }
  const value = issue.path.reduce<unknown>((at, key) => (at as Raw | undefined)?.[key as string], context.raw);
  const plain = path.join('.');
  const where = context.origin.get(plain) ?? (context.file === undefined ? '' : `in ${context.file}`);
  const name = path.map(shownKey).join('.');
  // Text where keys belong may be anything, a token too.
  const isMisplaced =
    issue.code === 'invalid_type' && /^(object|record)$/.test(issue.expected) && typeof value === 'string';
  const what = isMisplaced ? 'is text' : shown(plain, value);
  return [`${name}: ${what}${where === '' ? '' : ` (${where})`}: ${issue.message}`];
}

function unknownKey(keys: readonly string[], { file, leaves }: Context): string {
  const path = keys.map(shownKey).join('.');
  const parent = keys.slice(0, -1);
  const inside = new RegExp(`^${parent.map((key) => `(\\*|${escaped(key)})\\.`).join('')}`);
  const siblings = leaves.filter((leaf) => inside.test(leaf.path)).map((leaf) => leaf.path.replace(inside, ''));
  const legal = [...new Set(siblings.map((rest) => rest.split('.')[0] as string))];
  const near = nearest(keys.at(-1) as string, [...legal, ...siblings]);
  const at = parent.map((key) => `${shownKey(key)}.`).join('');
  const hint = near ? `; did you mean ${at}${near}?` : legal.length > 0 ? `; legal here: ${legal.join(', ')}` : '';
  return `${path}: no such key${file === undefined ? '' : ` (in ${file})`}${hint}`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
