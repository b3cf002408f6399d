/**
 * Completes package-lock.json for the platforms it was not made on: a registry that offers only this platform's variants of
 * a native package makes npm leave the others out, and `npm ci` then refuses the lock file, here and elsewhere. Adds for
 * every such optional dependency the entry that npm itself would have written, less its checksum. Run after `npm install`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const CPUS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];
const ABIS = new Map([
  ['musl', { libc: ['musl'] }],
  ['musleabihf', { libc: ['musl'] }],
  ['gnu', { libc: ['glibc'] }],
  ['gnueabihf', { libc: ['glibc'] }],
  ['msvc', {}],
  ['eabi', {}],
]);

/**
 * What a native variant's name says about where it runs: `@x/cli-linux-arm64-musl` -> linux, arm64, musl. Undefined if the
 * name names no system and no processor.
 * @param {string} name
 */
export function platformOf(name) {
  const words = (name.split('/').at(-1) ?? name).split('-');
  const os = words.filter((word) => SYSTEMS.includes(word));
  const cpu = words.filter((word) => CPUS.includes(word) || word === 'wasm32');
  if (cpu.length === 0) return undefined;
  const abi = ABIS.get(words.at(-1) ?? '') ?? {};
  return { ...(os.length > 0 ? { os } : {}), cpu, ...(os.includes('linux') ? abi : {}) };
}

/**
 * The lock file's content with a stub for every optional dependency that has no entry, and without download addresses.
 * @param {{ packages: Record<string, any> }} lock
 */
export function completed(lock) {
  const packages = { ...lock.packages };
  const added = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = platformOf(name);
      if (!platform || resolves(packages, path, name)) continue;
      const flags = entry.dev ? { dev: true } : {};
      packages[`node_modules/${name}`] = { version, ...flags, optional: true, ...platform };
      added.push(name);
    }
  }
  for (const path of Object.keys(packages)) {
    const { resolved: _resolved, ...kept } = packages[path];
    packages[path] = kept;
  }
  const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  return { lock: { ...lock, packages: sorted }, added };
}

/** Whether Node's lookup from `path` finds an entry for `name`: beside it, or in any folder above. */
function resolves(packages, path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`]) return true;
    if (at === '') return false;
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  const { lock, added } = completed(JSON.parse(readFileSync(path, 'utf8')));
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  stdout.write(`package-lock.json: ${added.length} entries added${added.length > 0 ? `: ${added.join(', ')}` : ''}\n`);
}
