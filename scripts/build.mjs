/**
 * `npm run build`: the programs as a few bundled files in dist/; with `--single <file>` as one CommonJS file, for an executable. Bundling is what keeps the agent small: what is not used of the
 * libraries is not loaded, and half of the memory is libraries. Types are checked by `npm run typecheck`, not here.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { licensesOf } from './licenses.mjs';
import { buildPage } from './page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * dockerode loads the first three for sessions with BuildKit, which an agent never has; fastify the next two for requests without a network
 * and for plugins that name versions, prom-client the last for a default metric. None of that is ours.
 */
const NEVER_USED = /^(@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|light-my-request|semver|@opentelemetry\/api)$/;
/** Optional native parts of ssh2, which works without them. */
const NATIVE = /(^cpu-features$|sshcrypto\.node$)/;

/** What fastify checks and writes JSON by schemas with. No route of ours has a schema. */
const SCHEMA_COMPILERS = /^@fastify\/(ajv-compiler|fast-json-stringify-compiler)$/;
const NO_SCHEMAS = `module.exports = () => () => () => { throw new Error('routes with schemas are not part of this build'); };`;

/** Where docker-modem would make its own ssh connections; ours (agents/docker/ssh/link.ts) loads ssh2 when it is needed. */
const MODEMS_SSH = /docker-modem\/lib\/ssh\.js$/;

/**
 * docker-modem spells each request out for its debug log, sockets and all, whether somebody reads it or not: five milliseconds a
 * request, which is most of what a container's start costs the agent.
 */
const MODEM = /docker-modem\/lib\/modem\.js$/;
const SPELLED_OUT = /util\.inspect\(options, \{[^}]*\}\)/;

/** @param {string} path */
function quietModem(path) {
  const text = readFileSync(path, 'utf8');
  if (!SPELLED_OUT.test(text)) throw new Error(`${path} no longer spells requests out: remove this`);
  return { contents: text.replace(SPELLED_OUT, 'options.path') };
}

/**
 * What is left out, and what it buys an agent with 100 containers (measured beside one that has it all): the stubs 13 MB of resident
 * memory (92 instead of 79) and a quarter of the bundle; the quiet modem 25 MB of the start's peak (107 instead of 82) and a fifth of
 * the start's CPU time, nothing once all containers are known. The third thing of ours that libraries have as well is src/self/process.ts.
 */
const lean = {
  name: 'lean',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: NEVER_USED }, ({ path }) => ({ path, namespace: 'nothing' }));
    onResolve({ filter: SCHEMA_COMPILERS }, ({ path }) => ({ path, namespace: 'no-schemas' }));
    onResolve({ filter: NATIVE }, ({ path }) => ({ path, namespace: 'missing' }));
    onLoad({ filter: MODEMS_SSH }, () => ({ contents: 'module.exports = {};' }));
    onLoad({ filter: MODEM }, ({ path }) => quietModem(path));
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {};' }));
    onLoad({ filter: /.*/, namespace: 'no-schemas' }, () => ({ contents: NO_SCHEMAS }));
    onLoad({ filter: /.*/, namespace: 'missing' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not part of this build`)});`,
    }));
  },
};

/** The store's thread is a program of its own, as text in the collector's. */
const STORES_PROGRAM = /store\/thread\/code\.ts$/;
/** @type {import('esbuild').BuildResult[]} */
const within = [];

const embedded = {
  name: 'embedded',
  setup({ onLoad }) {
    onLoad({ filter: STORES_PROGRAM }, async () => {
      const { outdir: _, outbase: __, plugins: ___, ...common } = COMMON;
      const entryPoints = ['collector/store/thread/entry.ts'];
      const program = await build({ ...common, entryPoints, format: 'cjs', write: false });
      within.push(program);
      const text = JSON.stringify(program.outputFiles[0].text);
      return { contents: `const program = ${text}; export const storeProgram = async () => program;` };
    });
  },
};

/** CommonJS libraries inside an ES module still want what Node gives CommonJS. */
const FOR_COMMONJS = `
import { createRequire as createRequireForBundle } from 'node:module';
import { fileURLToPath as fileUrlToPathForBundle } from 'node:url';
const require = createRequireForBundle(import.meta.url);
const __filename = fileUrlToPathForBundle(import.meta.url);
const __dirname = fileUrlToPathForBundle(new URL('.', import.meta.url));`;

/** @type {import('esbuild').BuildOptions} */
const COMMON = {
  absWorkingDir: root,
  outdir: 'dist',
  outbase: '.',
  bundle: true,
  platform: 'node',
  target: 'node20',
  minifyWhitespace: true,
  minifySyntax: true,
  // Names stay, for stack traces that can be read.
  keepNames: false,
  // In LICENSES.txt, in full.
  legalComments: 'none',
  metafile: true,
  plugins: [lean, embedded],
  logLevel: 'warning',
};
const single = argv.indexOf('--single');
if (single > 0) await buildSingle(argv[single + 1]);
else await buildFolder();

async function buildFolder() {
  rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
  const program = await build({
    ...COMMON,
    entryPoints: ['src/cli/main.ts'],
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    format: 'esm',
    banner: { js: FOR_COMMONJS },
  });
  const page = await buildPage(root);
  mkdirSync(join(root, 'dist', 'page'));
  for (const [name, text] of page.files) writeFileSync(join(root, 'dist', 'page', name), text);
  writeFileSync(join(root, 'dist', 'LICENSES.txt'), licensesOf(root, [program, page.result, ...within]));
  chmodSync(new URL('../dist/src/cli/main.js', import.meta.url), 0o755);
}

/** @param {string} outfile */
async function buildSingle(outfile) {
  const { outdir: _, outbase: __, ...common } = COMMON;
  const page = await buildPage(root);
  const program = await build({
    ...common,
    entryPoints: ['src/cli/main.ts'],
    format: 'cjs',
    outfile,
    // What libraries that are modules want.
    define: { 'import.meta.url': 'urlOfThisBundle', PLIMSOLL_PAGE: JSON.stringify(Object.fromEntries(page.files)) },
    banner: { js: `const urlOfThisBundle = require('node:url').pathToFileURL(__filename).href;` },
  });
  writeFileSync(join(dirname(outfile), 'LICENSES.txt'), licensesOf(root, [program, page.result, ...within]));
}
