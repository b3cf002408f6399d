/**
 * The schema's leaves: every key that a flag or an environment variable can set, with its help. A star in a path stands for a name that
 * the user chooses: `sinks.*.url`.
 */
import * as z from 'zod';
import { schema } from './schema.ts';

export interface Leaf {
  /** `agent.interval`, `sinks.*.url`. */
  readonly path: string;
  /** `PLIMSOLL_AGENT_INTERVAL`, `PLIMSOLL_SINKS_*_URL`. */
  readonly env: string;
  /** `null`: may only be switched off. */
  readonly type: 'text' | 'number' | 'boolean' | 'list' | 'null';
  readonly description: string;
  /** As written in a file, or undefined if there is none. */
  readonly fallback: unknown;
}

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly description?: string;
  readonly default?: unknown;
}

/** Made when somebody first asks: the schema is always the same. */
let known: readonly Leaf[] | undefined;

/** All leaves, in the schema's order. */
export function configLeaves(): readonly Leaf[] {
  known ??= leavesOfSchema();
  return known;
}

function leavesOfSchema(): readonly Leaf[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  // Kinds of sinks share keys: the first that has one describes it.
  const byPath = new Map<string, Leaf>();
  for (const leaf of leavesOf(json, '')) if (!byPath.has(leaf.path)) byPath.set(leaf.path, leaf);
  return [...byPath.values()];
}

function* leavesOf(node: JsonSchema, path: string): Generator<Leaf> {
  const below = (key: string): string => (path === '' ? key : `${path}.${key}`);
  if (node.properties) {
    for (const [key, child] of Object.entries(node.properties)) yield* leavesOf(child, below(key));
    return;
  }
  if (typeof node.additionalProperties === 'object') {
    const { anyOf, oneOf } = node.additionalProperties;
    for (const choice of anyOf ?? oneOf ?? [node.additionalProperties]) yield* leavesOf(choice, below('*'));
    return;
  }
  yield {
    path,
    env: `PLIMSOLL_${path.replaceAll('.', '_').toUpperCase()}`,
    type: leafType(node),
    description: node.description ?? (node.type === 'null' ? 'null switches a standard one off' : ''),
    fallback: node.default,
  };
}

function leafType(node: JsonSchema): Leaf['type'] {
  if (node.type === 'null') return 'null';
  if (node.type === 'array') return 'list';
  if (node.type === 'boolean') return 'boolean';
  if (node.type === 'number' || node.type === 'integer') return 'number';
  return 'text';
}

/** A key that is meant: its leaf, and its path with the names that the user chose. */
export interface Meant {
  readonly leaf: Leaf;
  readonly path: string;
}

const NAME = '([a-z][a-z0-9_]*)';

/** What a flag's path sets; undefined if there is no such key. */
export function leafAt(path: string, leaves: readonly Leaf[]): Meant | undefined {
  const leaf = leaves.find((one) =>
    new RegExp(`^${one.path.replaceAll('.', '\\.').replaceAll('*', NAME)}$`).test(path),
  );
  return leaf && { leaf, path };
}

/**
 * What a variable sets; undefined if there is no such key. Names may hold the underscore that also parts the keys, so the end decides:
 * `PLIMSOLL_SINKS_MY_INFLUX_TOKEN_FILE` is `sinks.my_influx.token_file`. Of a level's variable the first `_BY_` does.
 */
export function leafOf(variable: string, value: string, leaves: readonly Leaf[]): Meant | undefined {
  const meant = leaves.flatMap((leaf) => {
    if (leaf.type === 'null' && value !== 'null') return [];
    let names = 0;
    const pattern = leaf.env.replaceAll('*', () => (names++ === 0 ? '([A-Z][A-Z0-9_]*?)' : '([A-Z_][A-Z0-9_]*)'));
    const match = new RegExp(`^${pattern}$`).exec(variable);
    return match ? [{ leaf, path: named(leaf.path, match.slice(1)) }] : [];
  });
  return meant.sort((a, b) => weight(b.leaf) - weight(a.leaf))[0];
}

function named(path: string, names: readonly string[]): string {
  return names.reduce((left, name) => left.replace('*', name.toLowerCase()), path);
}

/** Without a name to choose first, then what fixes more of the path. */
function weight({ path }: Leaf): number {
  return path.includes('*') ? path.split('.').length * 100 + path.length : Number.POSITIVE_INFINITY;
}
