/**
 * The schema's leaves: every key that a flag or an environment variable can set, with its help. Maps whose keys the user
 * chooses (sinks, levels) end a path: what is below them is set in the file.
 */
import * as z from 'zod';
import { schema } from './schema.ts';

export interface Leaf {
  /** `agent.interval`. */
  readonly path: string;
  /** `PLIMSOLL_AGENT_INTERVAL`. */
  readonly env: string;
  /** `map`: the user names its keys, so it can only be set in the file. */
  readonly type: 'text' | 'number' | 'boolean' | 'list' | 'map';
  readonly description: string;
  /** As written in a file, or undefined if there is none. */
  readonly fallback: unknown;
}

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
  readonly description?: string;
  readonly default?: unknown;
}

/** All leaves, in the schema's order. */
export function configLeaves(): Leaf[] {
  const described = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return [...leavesOf(described, '')];
}

function* leavesOf(node: JsonSchema, path: string): Generator<Leaf> {
  if (node.properties) {
    for (const [key, child] of Object.entries(node.properties)) {
      yield* leavesOf(child, path === '' ? key : `${path}.${key}`);
    }
    return;
  }
  yield {
    path,
    env: `PLIMSOLL_${path.replaceAll('.', '_').toUpperCase()}`,
    type: leafType(node),
    description: node.description ?? '',
    fallback: node.default,
  };
}

function leafType(node: JsonSchema): Leaf['type'] {
  if (node.type === 'object') return 'map';
  if (node.type === 'array') return 'list';
  if (node.type === 'boolean') return 'boolean';
  if (node.type === 'number' || node.type === 'integer') return 'number';
  return 'text';
}
