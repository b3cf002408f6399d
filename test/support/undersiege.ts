/**
 * A collector under attack: the program itself in a process with a small heap, asked for its health all the while, with honest agents
 * beside whoever attacks it. The program is bundled from the source, so no build is needed. What an attacker sends is the test's business;
 * here is what must hold meanwhile.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { stringify } from 'yaml';
import { CONTENT_TYPE } from '../../src/wire/format.ts';
import { fetchText } from './http.ts';
import { freePort } from './ports.ts';
import { type Server, serverDir, startServer } from './servers.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface SiegeOptions {
  /** `--max-old-space-size`: so small that what is not bounded ends the process in seconds. */
  readonly heapMb: number;
  /** Keys below `collector`. */
  readonly collector?: Readonly<Record<string, unknown>>;
}

export interface Siege {
  readonly url: string;
  /** The process; its `pid` is 0 once it has ended, `log()` is what it wrote. */
  readonly program: Server;
  /** One request to the push route, as an attacker makes it. */
  push(body: Uint8Array, encoding?: 'gzip' | 'identity'): Promise<Pushed>;
  /** The sum of a metric's series whose labels hold all of these texts, for example `reason="busy"`; 0 if there is none. */
  metric(name: string, ...labels: string[]): Promise<number>;
  /** Asks for `/healthz` again and again until told to stop; answers how that went. */
  watch(): () => Promise<Health>;
  stop(): Promise<void>;
}

export interface Pushed {
  readonly status: number;
  /** The reason, `''` for a body that was taken. */
  readonly error: string;
  readonly retryAfter: string | null;
}

export interface Health {
  readonly asked: number;
  /** What went wrong, one text for each time; a question has two seconds. */
  readonly failed: readonly string[];
  /** For whoever wants to know; not to be asserted. */
  readonly slowestMs: number;
}

export async function besiege({ heapMb, collector = {} }: SiegeOptions): Promise<Siege> {
  const bundle = await bundled();
  const dir = serverDir('siege');
  const listen = `127.0.0.1:${await freePort()}`;
  const url = `http://${listen}`;
  const file = join(dir, 'plimsoll.yaml');
  writeFileSync(
    file,
    stringify({ data_dir: 'none', collector: { listen, window: '1s', lateness: '10s', ...collector } }),
  );
  const program = await startServer({
    name: 'siege',
    file: process.execPath,
    args: [`--max-old-space-size=${heapMb}`, join(bundle, 'main.js'), 'collector', '--config', file],
    dir,
    ready: () => fetchText(`${url}/healthz`),
  });
  return {
    url,
    program,
    push: (body, encoding = 'gzip') => push(url, body, encoding),
    metric: (name, ...labels) => metric(url, name, labels),
    watch: () => watch(url),
    async stop() {
      await program.stop();
      rmSync(bundle, { recursive: true, force: true });
    },
  };
}

/** The program as `npm run build` cuts it, without the libraries in it: those are found where it lies. */
async function bundled(): Promise<string> {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const outdir = mkdtempSync(join(ROOT, '.cache', 'siege-'));
  const common = { absWorkingDir: ROOT, outdir, bundle: true, platform: 'node', packages: 'external' } as const;
  await build({ ...common, entryPoints: ['src/cli/main.ts'], format: 'esm', splitting: true });
  await build({ ...common, entryPoints: ['src/cli/request.ts'], format: 'cjs', outExtension: { '.js': '.cjs' } });
  writeFileSync(join(outdir, 'package.json'), '{"type":"module"}');
  return outdir;
}

async function push(url: string, body: Uint8Array, encoding: string): Promise<Pushed> {
  const response = await fetch(`${url}/api/v1/push`, {
    method: 'POST',
    headers: { 'content-type': CONTENT_TYPE, 'content-encoding': encoding },
    body: body as Uint8Array<ArrayBuffer>,
    signal: AbortSignal.timeout(20_000),
  });
  const answer = (await response.json()) as { readonly error?: string };
  return { status: response.status, error: answer.error ?? '', retryAfter: response.headers.get('retry-after') };
}

async function metric(url: string, name: string, labels: readonly string[]): Promise<number> {
  const { text } = await fetchText(`${url}/metrics`);
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

function watch(url: string): () => Promise<Health> {
  const failed: string[] = [];
  let asked = 0;
  let slowestMs = 0;
  let over = false;
  const ask = async (): Promise<void> => {
    while (!over) {
      const before = performance.now();
      asked++;
      try {
        await fetchText(`${url}/healthz`, { signal: AbortSignal.timeout(2000) });
      } catch (error) {
        failed.push(String(error));
      }
      slowestMs = Math.max(slowestMs, performance.now() - before);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const asking = ask();
  return async () => {
    over = true;
    await asking;
    return { asked, failed, slowestMs };
  };
}
