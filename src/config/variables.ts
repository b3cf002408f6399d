/**
 * The environment: which variables are keys of ours, which only look so, and which are mistakes. Kubernetes and Docker's links put variables
 * into a container for each neighbour, and one that is called `plimsoll` or `plimsoll-agent` makes them begin like ours.
 */
import { ConfigError } from '../errors.ts';
import { type Leaf, leafOf, type Meant } from './leaves.ts';
import { nearest } from './nearest.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** Ours, but no key. */
const OTHER_VARIABLES = new Set(['PLIMSOLL_CONFIG']);

export interface Given extends Meant {
  readonly variable: string;
  readonly value: string;
}

/** The keys that variables set. Throws a ConfigError for one that is misspelt: it would otherwise do nothing in silence. */
export function givenBy(env: Env, leaves: readonly Leaf[]): Given[] {
  return Object.entries(env).flatMap(([variable, value]) => {
    if (value === undefined || !variable.startsWith('PLIMSOLL_') || OTHER_VARIABLES.has(variable)) return [];
    const exact = leaves.find((leaf) => leaf.env === variable && !leaf.path.includes('*'));
    if (exact) return [{ leaf: exact, path: exact.path, variable, value }];
    if (isNeighbours(variable, env)) return [];
    const meant = leafOf(variable, value, leaves);
    if (meant) return [{ ...meant, variable, value }];
    throw new ConfigError(`environment ${variable}: no such key${hint(variable, leaves)}`);
  });
}

const PROTOCOL = '(TCP|UDP|SCTP)';
const SERVICE = new RegExp(
  `^PLIMSOLL(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\\d+_${PROTOCOL}(_(PROTO|PORT|ADDR|START|END))?` +
    `|PORT_(PROTO|PORT|ADDR|START|END|\\d+_${PROTOCOL}_(START|END)))$`,
);
const ENDPOINT = /^(tcp|udp|sctp):\/\//;

/** Whether the variable tells of a Kubernetes Service or a linked container whose name begins with ours. */
export function isNeighbours(variable: string, env: Env): boolean {
  if (SERVICE.test(variable)) return true;
  if (/^PLIMSOLL(_[A-Z0-9_]+)?_PORT$/.test(variable)) return ENDPOINT.test(env[variable] ?? '');
  if (/^PLIMSOLL(_[A-Z0-9_]+)?_NAME$/.test(variable)) return isLinkName(env[variable]);
  const alias = /^(PLIMSOLL(?:_[A-Z0-9_]+?)?)_ENV_/.exec(variable)?.[1];
  // Whatever the neighbour has in its environment; only Docker says so, and it tells the neighbour's name as well.
  return alias !== undefined && isLinkName(env[`${alias}_NAME`]);
}

/** `/web/plimsoll`: whose link, and what it calls it. */
function isLinkName(value: string | undefined): boolean {
  return /^\/[^/]+\/[^/]+$/.test(value ?? '');
}

/** The key that was meant, also where a part of it is a name that the user chose. */
function hint(variable: string, leaves: readonly Leaf[]): string {
  const candidates = leaves.flatMap(({ env }) => (env.includes('*') ? named(variable, env) : [env]));
  const near = nearest(variable, candidates);
  if (near !== undefined) return `; did you mean ${near}?`;
  const family = leaves.filter(
    ({ env }) => env.includes('*') && variable.startsWith(env.slice(0, env.indexOf('*') - 1)),
  );
  if (family.length === 0) return '';
  return `; legal here: ${family.map(({ env }) => env.replace('*', '<NAME>').replace('*', '<LABEL>')).join(', ')}`;
}

/** The variable with its end put right: for each place where the name may end. */
function named(variable: string, env: string): string[] {
  const [head = '', tail = '', more] = env.split('*');
  if (more !== undefined || tail === '' || !variable.startsWith(head)) return [];
  const rest = variable.slice(head.length);
  return [...rest.matchAll(/_/g)].map(({ index }) => `${head}${rest.slice(0, index)}${tail}`);
}
