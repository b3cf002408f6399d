/** Which engines to talk to: those of the configuration, those of `DOCKER_HOST`, or those found where engines usually listen. */
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readBounded } from '../src/config/bounded.ts';
import type { Config } from '../src/config/schema.ts';
import { pem } from '../src/config/secure.ts';
import { ConfigError } from '../src/errors.ts';
import { type Endpoint, localEndpoints, parseEndpoint, presentEndpoints } from './docker/engine/endpoint.ts';
import { isNoData, namesIn } from './kernel/files.ts';

/** `auto` is `DOCKER_HOST` if it is set, else this machine's engines; `none` is none. Throws a ConfigError. */
export function configuredEndpoints(settings: Config['agent'], env: NodeJS.ProcessEnv = process.env): Endpoint[] {
  return settings.engines.flatMap((given) => {
    if (given === 'none') return [];
    if (given !== 'auto') return parsed(given, 'agent.engines', { settings, env });
    const host = env.DOCKER_HOST;
    if (host !== undefined && host !== '') return parsed(host, 'DOCKER_HOST', { settings, env });
    return localEndpoints({ env, resolve, list: namesIn });
  });
}

/** With `auto`: this machine's engines that are not among the known ones, by whatever path those are known. */
export function furtherEndpoints(
  { engines }: Config['agent'],
  known: readonly Endpoint[],
  env: NodeJS.ProcessEnv = process.env,
): Endpoint[] {
  if (!engines.includes('auto') || (env.DOCKER_HOST ?? '') !== '') return [];
  const real = ({ socketPath = '' }: Endpoint): string => resolve(socketPath) ?? socketPath;
  const places = new Set(known.map(real));
  return presentEndpoints({ env, resolve, list: namesIn }).filter((endpoint) => !places.has(real(endpoint)));
}

function parsed(
  text: string,
  setting: string,
  { settings, env }: { settings: Config['agent']; env: NodeJS.ProcessEnv },
): Endpoint {
  const agentSocket = env.SSH_AUTH_SOCK;
  return parseEndpoint(text, {
    setting,
    tls: { verify: (env.DOCKER_TLS_VERIFY ?? '') !== '', ...certificates(settings, env) },
    ssh: { knownHosts, ...(agentSocket ? { agentSocket } : {}) },
  });
}

/** The user's and the machine's, as ssh itself reads them; anew for each connection, so that a host that was added is let in. */
function knownHosts(): string {
  return [join(homedir(), '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts'].map(textOf).join('\n');
}

/** The configuration's, else those of `DOCKER_CERT_PATH`, as docker itself reads them. */
function certificates(
  { engine_tls: tls }: Config['agent'],
  env: NodeJS.ProcessEnv,
): { ca?: string; cert?: string; key?: string } {
  const folder = env.DOCKER_CERT_PATH ?? '';
  const found: { ca?: string; cert?: string; key?: string } = {};
  for (const part of ['ca', 'cert', 'key'] as const) {
    const text =
      pem(`agent.engine_tls.${part}`, tls[part])?.toString('utf8') ??
      (folder === '' ? '' : textOf(join(folder, `${part}.pem`)));
    if (text !== '') found[part] = text;
  }
  return found;
}

function resolve(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isNoData(error)) return undefined;
    throw error;
  }
}

/** Empty if there is no such file; one that is no regular file, or too large, is refused. */
function textOf(path: string): string {
  try {
    return readBounded(path).bytes.toString('utf8');
  } catch (error) {
    if (isNoData(error)) return '';
    throw new ConfigError(`${path}: cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
