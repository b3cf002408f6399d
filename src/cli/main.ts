#!/usr/bin/env -S node --max-semi-space-size=2
/** The command `plimsoll`: reads its arguments, and hands over to the program asked for. Exit codes: 0 done, 1 failed, 2 not usable as configured. */
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { addConfigOptions, configOf } from './options.ts';
import type { Role } from './program.ts';

// `plimsoll check | head`: whoever reads has had enough, which is no error. The daemons go on, their sink says so.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (ROLES.some(([name]) => name === process.argv[2])) return;
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const program = new Command('plimsoll')
  .exitOverride()
  .description('The monitoring pipeline for containers.')
  .version(VERSION)
  .showHelpAfterError('(plimsoll <command> --help lists what there is)');

const ROLES: readonly (readonly [name: string, roles: readonly Role[], description: string])[] = [
  ['run', ['agent', 'collector'], 'agent and collector in one process'],
  ['agent', ['agent'], 'read this machine, serve /metrics, send to a collector'],
  ['collector', ['collector'], 'take batches from agents, aggregate, serve /metrics, feed the sinks'],
];

for (const [name, roles, description] of ROLES) {
  const command = addConfigOptions(program.command(name).description(description));
  command.option('--table', 'show the live table (the default on a terminal)').option('--no-table', 'do not');
  command.action(async (options: Record<string, unknown>) => {
    const table = options.table;
    const { runProgram } = await import('./program.ts');
    await runProgram({
      config: configOf(options, process.env),
      roles,
      table: typeof table === 'boolean' ? table : undefined,
    });
  });
}

addConfigOptions(
  program.command('check').description('check the configuration and what this machine lets us read'),
).action(async (options: Record<string, unknown>) => {
  const { check } = await import('./check.ts');
  process.exitCode = (await check(configOf(options, process.env), process.stdout)) ? 0 : 1;
});

addConfigOptions(program.command('top').description('a live table of an agent’s containers'))
  .option('--url <url>', 'the agent’s or collector’s /metrics (default: the agent of this machine)')
  .option('--every <duration>', 'time between two readings', '2s')
  .option('--once', 'print the table once, after two readings, and end')
  .action(async (options: Record<string, unknown>) => {
    const { topCommand } = await import('./topcommand.ts');
    await topCommand(configOf(withoutTopOptions(options), process.env), options);
  });

program
  .command('metrics')
  .description('print METRICS.md: every metric there is')
  .action(async () => {
    const { metricsDocument } = await import('../catalog/document.ts');
    process.stdout.write(metricsDocument());
  });

function withoutTopOptions(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !['url', 'every', 'once'].includes(name)));
}

try {
  await program.parseAsync(process.argv);
} catch (error) {
  // What it has to say, help or a complaint, it has said.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`plimsoll: ${error.message}\n`);
  process.exitCode = 2;
}
