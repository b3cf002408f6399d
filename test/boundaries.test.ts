/**
 * The map a newcomer reads: which folder may import which, what only one place may do, and how large things may get. Nothing of
 * this needs the code to run.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** What runs in a browser. */
const WEB = 'dashboards/web/';
const code = [...filesBelow('src'), ...filesBelow('agents'), ...filesBelow('collector'), ...filesBelow(WEB)];
const text = new Map(code.map((file) => [file, readFileSync(join(root, file), 'utf8')]));

/** Without comments, so that a sentence about Date.now is no use of it. */
function bare(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}

function importsOf(file: string): string[] {
  const source = bare(text.get(file) as string);
  const found = [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string);
  return found.map((name) => (name.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), name)) : name));
}

/** What every source is made of. */
const A_SOURCE = ['src/', 'agents/source.ts', 'agents/container.ts', 'agents/kernel/'];

/** What the files below a folder (or a file) may import of the project's own; the first rule that fits a file holds. */
const RULES: readonly (readonly [of: string, may: readonly string[]])[] = [
  ['src/cli/', ['src/', 'agents/', 'collector/']],
  ['src/model/', ['src/model/']],
  ['src/catalog/', ['src/model/', 'src/catalog/']],
  ['src/wire/', ['src/model/', 'src/wire/', 'src/errors.ts']],
  ['src/exposition/', ['src/model/', 'src/exposition/', 'src/run/', 'src/errors.ts']],
  ['src/config/', ['src/config/', 'src/errors.ts']],
  ['src/kubernetes/', ['src/kubernetes/', 'src/config/', 'src/http/', 'src/run/', 'src/log.ts', 'src/errors.ts']],
  ['src/run/', ['src/run/', 'src/log.ts', 'src/errors.ts', 'src/model/']],
  ['src/', ['src/']],
  ['agents/kernel/files.ts', []],
  ['agents/kernel/', ['src/', 'agents/kernel/']],
  ['agents/docker/engine/', ['src/', 'agents/docker/engine/', 'agents/container.ts']],
  ['agents/docker/ssh/', ['src/', 'agents/docker/ssh/', 'agents/docker/engine/']],
  ['agents/docker/', ['agents/docker/', ...A_SOURCE]],
  // What an engine tells and what a runtime's files tell becomes the same containers.
  ['agents/kubernetes/', ['agents/kubernetes/', 'agents/docker/', ...A_SOURCE]],
  ['agents/cgroup/', ['agents/cgroup/', ...A_SOURCE]],
  ['agents/filesystem/', ['agents/filesystem/', ...A_SOURCE]],
  ['agents/host/', ['agents/host/', ...A_SOURCE]],
  ['agents/network/', ['agents/network/', ...A_SOURCE]],
  ['agents/process/', ['agents/process/', ...A_SOURCE]],
  ['agents/send/', ['src/', 'agents/send/']],
  ['agents/scrape.ts', ['src/', 'agents/source.ts']],
  ['agents/', ['src/', 'agents/']],
  ['collector/ingest/', ['src/', 'collector/ingest/']],
  ['collector/aggregate/', ['src/model/', 'src/catalog/', 'src/errors.ts', 'collector/aggregate/']],
  ['collector/log/', ['src/', 'collector/log/']],
  ['collector/sinks/', ['src/', 'collector/sinks/']],
  ['collector/query/', ['src/model/', 'src/run/', 'collector/query/']],
  [
    'collector/store/part/',
    ['src/model/', 'src/catalog/', 'collector/query/', 'collector/store/part/', 'collector/store/types.ts'],
  ],
  ['collector/store/', ['src/', 'collector/log/', 'collector/query/', 'collector/store/']],
  ['collector/receive/', ['src/', 'collector/receive/', 'collector/store/types.ts', 'collector/query/source.ts']],
  ['collector/api/', ['src/', 'collector/api/', 'collector/query/', 'collector/store/types.ts']],
  ['collector/heapster/', ['src/', 'collector/heapster/', 'collector/query/query.ts', 'collector/store/types.ts']],
  ['collector/kubernetes/', ['src/', 'collector/kubernetes/', 'collector/api/sending.ts']],
  ['collector/page/', ['src/', 'collector/page/', 'collector/exposed.ts', 'collector/sinks/account.ts']],
  ['collector/', ['src/', 'collector/']],
  [WEB, [WEB]],
];

/** Who alone may use what. */
const ONLY: readonly (readonly [what: string, pattern: RegExp, where: readonly string[]])[] = [
  [
    'asks the time or arms a timer',
    // What is followed by its own type is a method that others call.
    /\b(Date\.now|setTimeout|setInterval|setImmediate|performance\.now|hrtime|requestAnimationFrame)\b(?!\(\): this)/,
    ['src/run/clock.ts', `${WEB}clock.ts`],
  ],
  [
    'speaks to a container engine',
    /from 'dockerode'/,
    ['agents/docker/engine/client.ts', 'agents/docker/engine/api.ts'],
  ],
  ['runs other programs', /from 'node:child_process'/, []],
  ['is an enum or exports everything', /^\s*(export\s+)?(const\s+)?enum\s|^export \* /m, []],
  ['exports a default', /^export default/m, []],
  [
    'makes markup of a text',
    /\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write)\b/,
    [],
  ],
];

function ruleFor(file: string): readonly string[] {
  return RULES.find(([of]) => file.startsWith(of))?.[1] ?? [];
}

describe('import rules', () => {
  test('every folder imports only what it may', () => {
    const broken: string[] = [];
    for (const file of code) {
      const may = ruleFor(file);
      for (const target of importsOf(file)) {
        if (!/^(src|agents|collector|test|scripts|dashboards)\//.test(target)) continue;
        if (!may.some((allowed) => target.startsWith(allowed))) broken.push(`${file} imports ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  test('one sink knows no other', () => {
    const broken = code.flatMap((file) => {
      const sink = /^collector\/sinks\/([^/]+)\//.exec(file)?.[1];
      if (!sink) return [];
      const others = importsOf(file).filter(
        (t) => /^collector\/sinks\/[^/]+\//.test(t) && !t.startsWith(`collector/sinks/${sink}/`),
      );
      return others.map((other) => `${file} imports ${other}`);
    });
    expect(broken).toEqual([]);
  });

  test('model and catalogue use nothing of Node', () => {
    const pure = code.filter((file) => /^src\/(model|catalog)\//.test(file));
    expect(pure.filter((file) => importsOf(file).some((name) => name.startsWith('node:')))).toEqual([]);
  });

  test('aggregation does no input or output', () => {
    const pure = code.filter((file) => file.startsWith('collector/aggregate/'));
    expect(
      pure.filter((file) => importsOf(file).some((name) => /^(node:(?!assert)|undici|fastify|pino)/.test(name))),
    ).toEqual([]);
  });

  test('the page uses preact, signals and uPlot, and of this project only what it speaks to over HTTP', () => {
    const others = code
      .filter((file) => file.startsWith(WEB))
      .flatMap((file) => importsOf(file).map((name) => `${file} imports ${name}`))
      .filter((line) => !/ imports (dashboards\/web\/|preact$|preact\/hooks$|@preact\/signals$|uplot$)/.test(line));
    expect(others).toEqual([]);
  });

  test('the page speaks to its server in three places, by addresses below its own', () => {
    const speaks = /\b(fetch|new EventSource|new WebSocket|sendBeacon)\((?!['`](page|api\/v1|metrics))/;
    const all = code.filter((file) => file.startsWith(WEB));
    expect(all.filter((file) => speaks.test(bare(text.get(file) as string)))).toEqual([]);
    expect(all.filter((file) => /\b(fetch|EventSource)\(/.test(bare(text.get(file) as string))).sort()).toEqual([
      `${WEB}about/about.tsx`,
      `${WEB}api/prom.ts`,
      `${WEB}live/link.ts`,
    ]);
  });

  test('there are no cycles, types included', () => {
    expect(cycles()).toEqual([]);
  });
});

function cycles(): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file].join(' -> '));
    if (at >= 0 || done.has(file)) return;
    for (const target of importsOf(file)) if (text.has(target)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of code) visit(file, []);
  return found;
}

describe('what only one place may do', () => {
  test.each(ONLY)('who %s', (_what, pattern, where) => {
    const users = code.filter((file) => pattern.test(bare(text.get(file) as string)));
    expect(users.filter((file) => !where.includes(file))).toEqual([]);
  });
});

describe('sizes', () => {
  test('no file has more than 300 lines', () => {
    const long = code.map((file) => `${file}: ${(text.get(file) as string).split('\n').length - 1}`);
    expect(long.filter((line) => Number(line.split(': ')[1]) > 300)).toEqual([]);
  });

  test('no test file has more than 500 lines', () => {
    const long = filesBelow('test').filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 501);
    expect(long).toEqual([]);
  });

  test('every file begins by saying what it is', () => {
    expect(code.filter((file) => !/^(#!.*\n)?\s*\/\*\*/.test(text.get(file) as string))).toEqual([]);
  });
});
