/**
 * Why the engine does not answer, in words for a person: an error of any layer comes in, an EngineError goes out.
 */
import { type Hider, hider } from '../../../src/config/redact.ts';
import type { Endpoint } from './endpoint.ts';

/** `gone`: the thing asked for is not there (404); the others mean that the engine as a whole did not answer as it should. */
export type FailureReason =
  | 'missing'
  | 'denied'
  | 'refused'
  | 'timeout'
  | 'unknown_host'
  | 'tls'
  | 'stranger'
  | 'closed'
  | 'protocol'
  | 'gone'
  | 'other';

export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly reason: FailureReason;
  constructor(reason: FailureReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

const REASONS = new Map<string, FailureReason>([
  ['ENOENT', 'missing'],
  ['EACCES', 'denied'],
  ['EPERM', 'denied'],
  ['ECONNREFUSED', 'refused'],
  ['ENOTSOCK', 'refused'],
  ['ETIMEDOUT', 'timeout'],
  ['EHOSTUNREACH', 'refused'],
  ['ENETUNREACH', 'refused'],
  ['ENOTFOUND', 'unknown_host'],
  ['EAI_AGAIN', 'unknown_host'],
  ['ECONNRESET', 'closed'],
  ['EPIPE', 'closed'],
]);

/** What went wrong, said about the place that was asked. An EngineError comes back as it is. */
export function explain(error: unknown, endpoint: Endpoint): EngineError {
  if (error instanceof EngineError) return error;
  const cause = { cause: error };
  const status = numberOf(error, 'statusCode');
  const text = hiderOf(endpoint)(error instanceof Error ? error.message.trim() : String(error));
  if (status === 404) return new EngineError('gone', text, cause);
  if (status !== undefined)
    return new EngineError('protocol', `the engine at ${address(endpoint)} answered: ${text}`, cause);
  const reason = REASONS.get(codeOf(error)) ?? (isTls(codeOf(error)) ? 'tls' : 'other');
  return new EngineError(reason, sentence(reason, endpoint, text), cause);
}

/** A proxy may quote the password that it was sent. */
function hiderOf({ login }: Endpoint): Hider {
  return hider([login?.password, login && `${login.username}:${login.password}`]);
}

/** The endpoint as a person writes it: `unix:///var/run/docker.sock`, `tcp://10.0.0.5:2376`. */
export function address(endpoint: Endpoint): string {
  if (endpoint.socketPath !== undefined) return `unix://${endpoint.socketPath}`;
  const scheme = endpoint.protocol === 'ssh' ? 'ssh' : 'tcp';
  const user = endpoint.username === undefined ? '' : `${endpoint.username}@`;
  const host = endpoint.host?.includes(':') === true ? `[${endpoint.host}]` : (endpoint.host ?? '');
  return `${scheme}://${user}${host}${endpoint.port === undefined ? '' : `:${endpoint.port}`}`;
}

function sentence(reason: FailureReason, endpoint: Endpoint, text: string): string {
  const at = address(endpoint);
  switch (reason) {
    case 'missing':
      return `there is no socket at ${at}: the engine is not installed, not running, or listens elsewhere`;
    case 'denied':
      return `no permission to use ${at}: run as root or as a member of the socket's group`;
    case 'refused':
      return `nothing accepts connections at ${at}: the engine is not running`;
    case 'timeout':
      return `the engine at ${at} did not answer in time`;
    case 'unknown_host':
      return `the host of ${at} is not known to the name service`;
    case 'tls':
      return `TLS with ${at} failed: ${text}${plainThere(text)}`;
    case 'closed':
      return `the engine at ${at} closed the connection${endpoint.protocol === 'http' ? '; if it speaks TLS, use https:// in place of tcp://' : ''}`;
    default:
      return `the engine at ${at} cannot be asked: ${text}`;
  }
}

function plainThere(text: string): string {
  return /wrong version number|packet length too long/.test(text)
    ? '; it does not speak TLS: use http:// as the scheme'
    : '';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function numberOf(error: unknown, key: string): number | undefined {
  const value = error instanceof Error ? (error as unknown as Record<string, unknown>)[key] : undefined;
  return typeof value === 'number' ? value : undefined;
}

function isTls(code: string): boolean {
  return code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || code.includes('CERT') || code === 'EPROTO';
}
