#!/usr/bin/env node
/** The command `plimsoll`: finds out what is asked for and hands over to it. Exit codes: 0 done, 1 failed, 2 not usable as configured. */
import { ConfigError } from '../errors.ts';
import type { Request } from './request.ts';

async function act(request: Request): Promise<void> {
  if (request.do === 'run') await (await import('./program.ts')).runProgram(request);
  else if (request.do === 'top') await (await import('./top/command.ts')).topCommand(request.config, request.options);
  else if (request.do === 'query') await query(request);
  else if (request.do === 'check') await checked(request);
  else if (request.do === 'dashboards') await dashboards(request);
  else if (request.do === 'queue') await queue(request);
  else if (request.do === 'store') await store(request);
  else if (request.do === 'metrics') process.stdout.write((await import('../catalog/document.ts')).metricsDocument());
  else process.exitCode = request.exitCode;
}

async function checked({ config, start }: Extract<Request, { do: 'check' }>): Promise<void> {
  const { check } = await import('./check.ts');
  process.exitCode = await check({ config, start, out: process.stdout });
  const { endDespiteHangs } = await import('./ending.ts');
  endDespiteHangs('SIGTERM', (words) => process.stderr.write(`plimsoll: ${words}\n`));
}

async function dashboards({ config, files, json }: Extract<Request, { do: 'dashboards' }>): Promise<void> {
  const { checkDashboards } = await import('./dashboards/command.ts');
  const { systemClock } = await import('../run/clock.ts');
  process.exitCode = await checkDashboards({
    files,
    config,
    json,
    clock: systemClock,
    out: process.stdout,
    err: process.stderr,
  });
}

async function query({ config, options }: Extract<Request, { do: 'query' }>): Promise<void> {
  const { queryCommand } = await import('./query/command.ts');
  const { systemClock } = await import('../run/clock.ts');
  const { stdout: out, stderr: err } = process;
  process.exitCode = await queryCommand({ config, options, clock: systemClock, out, err });
}

async function queue({ config, request }: Extract<Request, { do: 'queue' }>): Promise<void> {
  const { queueCommand } = await import('./queue/command.ts');
  const { systemClock } = await import('../run/clock.ts');
  const { stdout: out, stderr: err } = process;
  process.exitCode = await queueCommand({ request, config, clock: systemClock, out, err });
}

async function store({ config, request }: Extract<Request, { do: 'store' }>): Promise<void> {
  const { storeCommand } = await import('./store/command.ts');
  const { systemClock } = await import('../run/clock.ts');
  const { stdout: out, stderr: err } = process;
  process.exitCode = await storeCommand({ request, config, clock: systemClock, out, err });
}

/** Reads what is asked for and does it. */
async function main(): Promise<void> {
  try {
    const { requestOf } = await import('./request.ts');
    const request = requestOf(process.argv, process.env);
    // `plimsoll check | head`: whoever reads has had enough, which is no error. The daemons go on, their sink says so.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (request.do === 'run') return;
      if (error.code !== 'EPIPE') throw error;
      process.exit(0);
    });
    await act(request);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`plimsoll: ${error.message}\n`);
    process.exitCode = 2;
  }
}

// Not awaited: the executable without Node (see scripts/package.mjs) is CommonJS, which cannot at its top.
void main();
