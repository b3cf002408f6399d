/**
 * The live truths on cgroup v2, inside the emulated machine: containers with known behaviour run, and what the program exposes is
 * compared with the kernel's files read just before and just after, and with arithmetic. Usage: checks.js <checkout> <result.json>
 * <release> [parts].
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { makeImage } from '../support/engine.ts';
import { PARTS } from './parts.ts';
import { TICK_MS } from './plimsoll.ts';
import { createStage, type Part, type Stage } from './stage.ts';

interface Arguments {
  readonly checkout: string;
  readonly result: string;
  readonly release: string;
  readonly names: readonly string[];
}

/** What the release has, of that what was asked for. A name that stands for nothing is a failed check. */
function chosen({ report }: Stage, { release, names }: Arguments): Part[] {
  const there = PARTS.filter(({ releases }) => releases?.includes(release) ?? true);
  const known = there.map(({ run }) => run.name);
  for (const name of names.filter((each) => !known.includes(each))) {
    report.failed(name, `no such part on ${release}; there are ${known.join(' ')}`);
  }
  return there.filter(({ run }) => names.length === 0 || names.includes(run.name));
}

async function about({ docker }: Stage, release: string): Promise<string> {
  const first = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0]?.trim() ?? '';
  const info = await docker.docker(
    'info',
    '--format',
    '{{.ServerVersion}}, cgroup v{{.CgroupVersion}} ({{.CgroupDriver}})',
  );
  const versions = [
    `Linux ${first('uname', '-r')}`,
    first('systemctl', '--version'),
    `Docker ${info}`,
    first('podman', '--version'),
  ];
  return `Debian ${release}: ${versions.join(', ')}, Node ${process.version}; a tick every ${TICK_MS / 1000} s`;
}

async function main(args: Arguments): Promise<void> {
  const stage = createStage(args.checkout);
  const { report, docker } = stage;
  const heading = await about(stage, args.release);
  const write = (): void => writeFileSync(args.result, JSON.stringify({ about: heading, checks: report.checks }));
  const parts = chosen(stage, args);
  await makeImage(docker);
  for (const { run } of parts) {
    const started = performance.now();
    console.log(`part ${run.name}`);
    await run(stage).catch((error: unknown) => report.failed(run.name, error));
    // What burns on would slow down all that follows.
    await docker.remove().catch((error: unknown) => report.failed(`${run.name}: its end`, error));
    console.log(`part ${run.name} took ${Math.round((performance.now() - started) / 1000)} s`);
    write();
  }
  await stage.stop();
  write();
}

const [checkout = '/checkout', result = '/out/result.json', release = '', ...names] = process.argv.slice(2);
await main({ checkout, result, release, names });
