/**
 * `plimsoll check`: does all that a start does, short of serving, and says one line for each thing, with what to do where something is wrong.
 * The configuration has been read by now. Changes nothing, and writes nothing to a sink.
 */
import type { Writable } from 'node:stream';
import { foundLines } from '../../agents/found.ts';
import { lookAround } from '../../agents/main.ts';
import { checkSpool, probeCollector } from '../../agents/sending.ts';
import { checkCollector, checkKept } from '../../collector/check.ts';
import { looseFiles } from '../config/loose.ts';
import type { Config } from '../config/schema.ts';
import { hiderOf } from '../config/secrets.ts';
import { hostPort } from '../config/units.ts';
import { ConfigError } from '../errors.ts';
import { type GuardFacts, readGuard } from '../http/guard.ts';
import { isOurs, tryServer } from '../http/tryout.ts';
import { silent } from '../log.ts';
import { systemClock } from '../run/clock.ts';
import { VERSION } from '../version.ts';
import type { Role, Start } from './request.ts';
import { sourceLines } from './sourcelines.ts';
import { slowTicks } from './slow.ts';
import { unreadLevels } from './unread.ts';

export interface CheckOptions {
  readonly config: Config;
  /** Undefined: everything that is configured. */
  readonly start: Start | undefined;
  readonly out: Writable;
}

type Mark = 'ok' | 'no' | '--';
/** Says a line, and remembers how bad it is. */
type Say = (mark: Mark, text: string) => void;

/** The exit code: 0 all can work; 1 something does not answer or cannot be read; 2 a start would be refused. */
export async function check({ config, start, out }: CheckOptions): Promise<number> {
  const hide = hiderOf(config, [process.env.DOCKER_HOST]);
  let code = 0;
  const say: Say = (mark, text) => {
    if (mark === 'no') code = Math.max(code, 1);
    out.write(`${mark}  ${hide(text)}\n`);
  };
  /** What would stop the start is said, and the rest is looked at all the same. */
  const step = async (look: () => Promise<void> | void): Promise<void> => {
    try {
      await look();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      say('no', error.message);
      code = 2;
    }
  };
  say('ok', `configuration (plimsoll ${VERSION}, node ${config.node ?? 'named after the host'})`);
  for (const words of looseFiles(config)) say('--', words);
  await step(() => checkAddresses(config, rolesOf(start), say));
  if (start !== 'collector') await step(() => checkAgent(config, say));
  if (start === 'agent' || start === undefined) await step(() => checkPush(config, say));
  if (start !== 'agent') await step(() => checkFolder(config, say));
  if (start !== 'agent') await step(() => checkSinks(config, start, say));
  return code;
}

function rolesOf(start: Start | undefined): readonly Role[] {
  return start === 'agent' || start === 'collector' ? [start] : ['agent', 'collector'];
}

async function checkAddresses(config: Config, roles: readonly Role[], say: Say): Promise<void> {
  const guard: GuardFacts = readGuard(config);
  const refusals: string[] = [];
  const ours: string[] = [];
  for (const role of roles) {
    const { listen: address } = config[role];
    const tried = { setting: `${role}.listen`, address, guard, log: silent };
    try {
      say('ok', await tryServer(tried));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (await isOurs(tried)) ours.push(`${role}.listen ${hostPort(address)}`);
      else refusals.push(error.message);
    }
  }
  if (ours.length > 0) say('--', `a Plimsoll runs already at ${ours.join(' and ')}: a second start would be refused`);
  if (refusals.length > 0) throw new ConfigError(refusals.join('\nno  '));
}

async function checkAgent(config: Config, say: Say): Promise<void> {
  const seen = await lookAround({ config, clock: systemClock, log: silent });
  for (const line of foundLines(seen.found)) say(/^(Engine: {4}not answering|Note:)/.test(line) ? '--' : 'ok', line);
  for (const health of seen.sources) for (const [mark, words] of sourceLines(health, config.agent)) say(mark, words);
}

async function checkPush(config: Config, say: Say): Promise<void> {
  const { agent } = config;
  const spool = await checkSpool(config);
  if (spool !== undefined) say(spool.ok ? 'ok' : '--', `data_dir: ${spool.words}`);
  try {
    const words = await probeCollector(agent.push);
    if (words !== undefined) say('ok', `agent.push: ${words}`);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    say('no', `agent.push: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A folder that somebody has named must be usable; without one, a start goes on and keeps nothing. */
async function checkFolder(config: Config, say: Say): Promise<void> {
  try {
    say('ok', `Kept:      ${await checkKept(config)}`);
  } catch (error) {
    if (!(error instanceof ConfigError) || config.data_dir !== 'auto') throw error;
    say('--', `${error.message}; a start would keep nothing`);
  }
}

async function checkSinks(config: Config, start: Start | undefined, say: Say): Promise<void> {
  const sinks = await checkCollector({ config, clock: systemClock, stdout: process.stdout });
  if (sinks.length === 0) say('ok', 'Sinks:     none configured; Prometheus can scrape');
  for (const { name, ok, words } of sinks) say(ok ? 'ok' : 'no', `sink ${name}: ${words}`);
  // Where agent and collector have one configuration.
  if (start !== 'collector') for (const words of unreadLevels(config)) say('--', words);
  // A collector elsewhere has a window of its own, and says so in its log.
  const own = start === 'run' || (start === undefined && config.agent.push.url === undefined);
  if (own) for (const words of slowTicks(config)) say('--', words);
}
