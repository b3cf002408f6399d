/** The ways to install: the package as npm makes it, into a folder of its own; and the executable, where there is neither Node nor a shell. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKOUT } from '../support/command.ts';
import { fetchText } from '../support/http.ts';
import { freePort } from '../support/ports.ts';
import { serverDir, startServer } from '../support/servers.ts';

const run = promisify(execFile);
const dir = mkdtempSync(join(tmpdir(), 'plimsoll-package-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('npm pack', () => {
  let archive = '';
  const source = join(dir, 'source');

  beforeAll(async () => {
    // A copy, because packing builds, and others use the build.
    const folders = ['src', 'agents', 'collector', 'scripts', 'dashboards'];
    for (const name of [...folders, 'package.json', 'LICENSE', 'README.md', '.npmrc'])
      cpSync(join(CHECKOUT, name), join(source, name), { recursive: true });
    symlinkSync(join(CHECKOUT, 'node_modules'), join(source, 'node_modules'));
    await run('npm', ['pack', '--pack-destination', dir], { cwd: source });
    archive = join(dir, readdirSync(dir).find((name) => name.endsWith('.tgz')) as string);
  });

  test('holds the bundle, dashboards and rules, README and license, and needs no further package', async () => {
    const { stdout } = await run('tar', ['-tzf', archive]);
    const files = stdout.trim().split('\n');
    expect(files.filter((name) => !/^package\/(dist|dashboards)\//.test(name)).sort()).toEqual([
      'package/LICENSE',
      'package/README.md',
      'package/package.json',
    ]);
    expect(files).toEqual(expect.arrayContaining(['package/dist/src/cli/main.js', 'package/dist/LICENSES.txt']));
    const rules = [
      'thresholds.rules.yml',
      'containers.rules.yml',
      'hosts.rules.yml',
      'pipeline.rules.yml',
      'RUNBOOK.md',
    ];
    expect(files).toEqual(expect.arrayContaining(rules.map((name) => `package/dashboards/prometheus/${name}`)));
    // What is of use there, and neither its generators nor pictures.
    expect(files.filter((name) => /^package\/dashboards\/.*(?<!\.(yml|json|md))$/.test(name))).toEqual([]);
    const { stdout: manifest } = await run('tar', ['-xzOf', archive, 'package/package.json']);
    expect(Object.keys(JSON.parse(manifest))).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/dependencies$/i)]),
    );
    expect(JSON.parse(manifest).bin).toEqual({ plimsoll: 'dist/src/cli/main.js' });
  });

  test('leaves the checkout’s own manifest as it was', () => {
    expect(readFileSync(join(source, 'package.json'), 'utf8')).toBe(
      readFileSync(join(CHECKOUT, 'package.json'), 'utf8'),
    );
    expect(readdirSync(source)).not.toContain('.package.json.kept');
  });

  test('npm i -g of it gives the command, offline; npx runs it', async () => {
    const { version } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'));
    const prefix = join(dir, 'prefix');
    await run('npm', ['install', '--global', '--offline', '--prefix', prefix, archive]);
    const { stdout } = await run(join(prefix, 'bin', 'plimsoll'), ['--version']);
    expect(stdout).toBe(`${version}\n`);
    const npx = await run('npx', ['--yes', '--offline', `--package=${archive}`, 'plimsoll', '--version'], { cwd: dir });
    expect(npx.stdout).toBe(`${version}\n`);
  });
});

describe('npm run package', () => {
  const jail = join(dir, 'jail');

  beforeAll(async () => {
    // Fetches Node from npm, once.
    await run(process.execPath, [join(CHECKOUT, 'scripts/package.mjs')], { maxBuffer: 1e8 });
    const file = join(CHECKOUT, 'dist-package', `plimsoll-linux-${process.arch}`);
    for (const folder of ['proc', 'sys', 'tmp']) mkdirSync(join(jail, folder), { recursive: true });
    cpSync(file, join(jail, 'plimsoll'));
    // The libraries that it names, and nothing else.
    for (const [path] of execFileSync('ldd', [file], { encoding: 'utf8' }).matchAll(/\/\S+/g)) {
      mkdirSync(join(jail, dirname(path)), { recursive: true });
      cpSync(path, join(jail, path), { dereference: true });
    }
  }, 600_000);

  /** Shows the program the kernel's files and nothing of the machine's own. */
  const within = 'mount --rbind /proc "$0/proc" && mount --rbind /sys "$0/sys" && exec unshare -R "$0" /plimsoll "$@"';
  const enclosed = (...args: string[]): string[] => ['-m', 'sh', '-c', within, jail, ...args];

  test('runs where there is no Node: serves the machine, and ends when asked', async () => {
    expect((await run('unshare', enclosed('--version'))).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const [agent, collector] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const flags = [
      '--agent.engines',
      'none',
      '--agent.listen',
      agent,
      '--collector.listen',
      collector,
      '--data_dir',
      'none',
    ];
    const program = await startServer({
      name: 'executable',
      file: 'unshare',
      args: enclosed('run', ...flags),
      dir: serverDir('executable'),
      ready: () => fetchText(`http://${agent}/readyz`),
    });
    const page = (await fetchText(`http://${agent}/metrics`)).text;
    expect(Number(/^machine_cpu_cores\S* (\d+)$/m.exec(page)?.[1])).toBe(cpus().length);
    expect((await fetchText(`http://${collector}/healthz`)).text).toBe('ok\n');
    expect(await program.end('SIGTERM')).toBe(0);
  });
});
