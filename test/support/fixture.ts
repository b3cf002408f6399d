/**
 * Two hosts recorded while the same containers ran on them: kernel files, the engine's answers and its events, at three
 * moments. The archives are unpacked once per machine into a folder named after their content; tests only read there, and
 * copy with {@link copyOfHost} what they want to change.
 *
 * `t0`, `t1`: as everything runs, some time apart. `t2`: after `docker kill web`, `docker rm -f exits`, `docker restart db`,
 * `docker unpause paused`. See test/fixtures/README.md.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type HostVersion = 'v1' | 'v2';
export type Moment = 't0' | 't1' | 't2';

export interface RecordedHost {
  /** What was mounted at /sys/fs/cgroup. */
  readonly cgroupRoot: string;
  /** What was mounted at /proc. On v2 nothing of it was recorded at t0; t1's stands in, in which the pids are the same. */
  readonly procRoot: string;
  /** When it was recorded, Unix milliseconds. */
  readonly timeMs: number;
  /** The engine's answer, parsed: `containers`, `info`, `version`, `inspect-<id>`, `stats-<id>`. */
  api(name: string): unknown;
  /** The full id of a container by its name without the slash. */
  idOf(containerName: string): string;
}

interface Listed {
  readonly Id: string;
  readonly Names: readonly string[];
}

/** One moment of a recorded host, to be read only. */
export function recordedHost(version: HostVersion, moment: Moment): RecordedHost {
  const host = join(unpacked(version), moment);
  const proc = join(host, 'proc');
  const api = (name: string): unknown => JSON.parse(readFileSync(join(host, 'api', `${name}.json`), 'utf8'));
  return {
    cgroupRoot: join(host, 'cgroup'),
    procRoot: existsSync(proc) ? proc : join(unpacked(version), 't1', 'proc'),
    timeMs: Number(readFileSync(join(host, 'time'), 'utf8')),
    api,
    idOf(containerName) {
      const found = (api('containers') as Listed[]).find((c) => c.Names.includes(`/${containerName}`));
      if (!found) throw new Error(`no container named ${containerName} on ${version} at ${moment}`);
      return found.Id;
    },
  };
}

/** The engine's event stream from before the first container to the end, an object a line. */
export function recordedEvents(version: HostVersion): unknown[] {
  const text = readFileSync(join(unpacked(version), 'docker-events.ndjson'), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
}

/** A moment's `cgroup` and `proc` folders copied into a new temporary folder, which the caller removes. */
export function copyOfHost(
  version: HostVersion,
  moment: Moment,
): { dir: string; cgroupRoot: string; procRoot: string } {
  const host = recordedHost(version, moment);
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-host-'));
  // A thousand small files: the program does it in a tenth of the time that Node takes.
  execFileSync('cp', ['-a', host.cgroupRoot, join(dir, 'cgroup')]);
  execFileSync('cp', ['-a', host.procRoot, join(dir, 'proc')]);
  return { dir, cgroupRoot: join(dir, 'cgroup'), procRoot: join(dir, 'proc') };
}

function unpacked(version: HostVersion): string {
  const archive = join(import.meta.dirname, '..', 'fixtures', `cgroup-${version}.tar.gz`);
  const hash = createHash('sha256').update(readFileSync(archive)).digest('hex').slice(0, 16);
  const target = join(tmpdir(), `plimsoll-fixture-${version}-${hash}`);
  if (existsSync(target)) return target;
  // Test files run side by side: each unpacks next to the target, the first to rename wins.
  mkdirSync(tmpdir(), { recursive: true });
  const fresh = mkdtempSync(join(tmpdir(), 'plimsoll-unpack-'));
  execFileSync('tar', ['-xzf', archive, '-C', fresh, '--no-same-owner']);
  try {
    renameSync(fresh, target);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}
