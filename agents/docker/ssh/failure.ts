/** Why an engine cannot be reached by ssh, in words for a person: an error of ssh or the end of the remote command comes in, an EngineError goes out. */
import { createHash } from 'node:crypto';
import type { Endpoint } from '../engine/endpoint.ts';
import { address, EngineError, explain } from '../engine/failure.ts';
import { nameOf, type Verdict } from './knownhosts.ts';

/** What is run on the host: it connects its input and output with the engine there. The docker program does the same. */
export const DIAL = 'docker system dial-stdio';

/** No connection came about. The library's errors have a level instead of a code. */
export function connectFailure(error: unknown, endpoint: Endpoint): EngineError {
  const at = address(endpoint);
  const cause = { cause: error };
  switch (levelOf(error)) {
    case 'client-authentication':
      return new EngineError('denied', `${at} lets nobody in ${keysOf(endpoint)}`, cause);
    case 'agent':
      return new EngineError('denied', `the ssh agent at ${endpoint.ssh?.agentSocket} does not answer`, cause);
    case 'client-timeout':
      return new EngineError('timeout', `the ssh server at ${at} did not answer in time`, cause);
  }
  const { reason, message } = explain(error, endpoint);
  if (reason === 'refused') return new EngineError(reason, `no ssh server accepts connections at ${at}`, cause);
  if (reason === 'closed') return new EngineError(reason, `the ssh server at ${at} closed the connection`, cause);
  return new EngineError(reason, message, cause);
}

/** The host showed a key that is not to be believed. */
export function strangerFailure(verdict: Verdict, key: Buffer, endpoint: Endpoint): EngineError {
  const { host = '', port = 22 } = endpoint;
  const shown = `it showed SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
  const add = `ssh-keyscan -p ${port} ${host} >> ~/.ssh/known_hosts`;
  const at = `the host key of ${address(endpoint)}`;
  const words: Record<Exclude<Verdict, 'known'>, string> = {
    unknown: `${at} is not among the known hosts (${shown}): compare it with the host's own, then add it: ${add}`,
    changed:
      `${at} is not the one among the known hosts (${shown}): the host was set up anew, or somebody is in between; ` +
      `if it is right, ssh-keygen -R '${nameOf(host, port)}' and then ${add}`,
    revoked: `${at} is revoked among the known hosts (${shown})`,
  };
  return new EngineError('stranger', verdict === 'known' ? at : words[verdict]);
}

/** The connection stands, and the host does not run the command. */
export function channelFailure(error: unknown, endpoint: Endpoint): EngineError {
  const text = error instanceof Error ? error.message : String(error);
  const at = address(endpoint);
  if (text.includes('Channel open failure'))
    return new EngineError('refused', `${at} opens no further session (MaxSessions of its sshd_config)`, {
      cause: error,
    });
  return new EngineError('other', `${at} does not run "${DIAL}": ${text}`, { cause: error });
}

export interface CommandEnd {
  /** Undefined if the connection ended before the command did. */
  readonly code: number | undefined;
  /** What it said on its error output. */
  readonly said: string;
}

/** The command is over; undefined if as it should. */
export function endFailure({ code, said }: CommandEnd, endpoint: Endpoint): EngineError | undefined {
  if (code === 0) return undefined;
  const at = address(endpoint);
  const words = said.trim().replace(/\s+/g, ' ');
  if (code === undefined) return new EngineError('closed', `the ssh connection to ${at} has ended`);
  if (code === NOT_FOUND)
    return new EngineError('missing', `${at} has no docker program, which must be there for ssh: ${words}`);
  return new EngineError('refused', `"${DIAL}" at ${at} ended with code ${code}: ${words}`);
}

/** A shell's word for it. */
const NOT_FOUND = 127;

function keysOf({ ssh }: Endpoint): string {
  return ssh?.agentSocket === undefined
    ? 'without a key: start an ssh agent, and set SSH_AUTH_SOCK'
    : 'with the keys that the ssh agent holds';
}

function levelOf(error: unknown): string {
  return error instanceof Error && 'level' in error ? String(error.level) : '';
}
