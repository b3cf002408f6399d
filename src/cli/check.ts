/**
 * `plimsoll check`: the configuration has been read by now; says what of this machine can be read, one line each, and what to do where
 * something cannot. Changes nothing.
 */
import { lookAround } from '../../agents/main.ts';
import { requireGuard } from '../config/secure.ts';
import type { Config } from '../config/schema.ts';
import { readGuard } from '../http/guard.ts';
import { silent } from '../log.ts';
import { systemClock } from '../run/clock.ts';
import { VERSION } from '../version.ts';
import { foundLines } from './greeting.ts';
import { unreadLevels } from './unread.ts';

/** True if everything that is configured can work. */
export async function check(config: Config, out: { write(text: string): unknown }): Promise<boolean> {
  const say = (mark: 'ok' | 'no' | '--', text: string) => out.write(`${mark}  ${text}\n`);
  say('ok', `configuration (plimsoll ${VERSION}, node ${config.node ?? 'named after the host'})`);
  const { token, tls } = readGuard(config);
  for (const [key, address] of [
    ['agent.listen', config.agent.listen],
    ['collector.listen', config.collector.listen],
  ] as const) {
    requireGuard(key, address, { token, clientCa: tls?.clientCa });
    say('ok', `${key} ${address.host}:${address.port}${token ? ', with a token' : ''}${tls ? ', with TLS' : ''}`);
  }
  for (const words of unreadLevels(config)) say('--', words);
  const seen = await lookAround({ config, clock: systemClock, log: silent });
  for (const line of foundLines(seen.found)) say(/^(Engine: {4}not answering|Note:)/.test(line) ? '--' : 'ok', line);
  for (const health of seen.sources) {
    say(
      health.up ? 'ok' : 'no',
      `source ${health.source}: ${health.up ? `${health.samples} samples in ${(health.seconds * 1000).toFixed(1)} ms` : health.lastError}`,
    );
    for (const [reason, advice] of ADVICE)
      if (health.losses.get(reason)) say('--', `source ${health.source}: ${advice}`);
  }
  return seen.sources.every((health) => health.up);
}

/** What a source leaves out for a reason that somebody can do something about. */
const ADVICE: readonly (readonly [reason: string, advice: string])[] = [
  [
    'pid_namespace',
    'containers’ processes have no numbers here, because this runs in a pid namespace of its own: give its container `pid: host`.',
  ],
  [
    'no_permission',
    'containers’ processes may not be looked at: run as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.',
  ],
];
