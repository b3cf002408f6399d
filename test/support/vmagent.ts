/** A real vmagent: takes what others send and scrapes what it is told to, and writes it on by remote-write. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { fetchText } from './http.ts';
import { freePort } from './ports.ts';
import { type Server, serverDir, startServer } from './servers.ts';

export interface VmagentOptions {
  /** Where it writes to: a whole address. */
  readonly remoteWriteTo: string;
  readonly scrape?: { readonly job: string; readonly target: string };
}

export interface Vmagent extends Server {
  readonly url: string;
  /** Scrapes nothing any more. */
  forget(): Promise<void>;
}

export async function startVmagent({ remoteWriteTo, scrape }: VmagentOptions): Promise<Vmagent> {
  const dir = serverDir('vmagent');
  const url = `http://127.0.0.1:${await freePort()}`;
  const config = join(dir, 'scrape.yml');
  const write = (scrapes: readonly object[]): void =>
    writeFileSync(config, stringify({ global: { scrape_interval: '1s' }, scrape_configs: scrapes }));
  write(scrape ? [{ job_name: scrape.job, static_configs: [{ targets: [scrape.target] }] }] : []);
  const server = await startServer({
    name: 'vmagent',
    file: 'vmagent',
    dir,
    args: [
      `-remoteWrite.url=${remoteWriteTo}`,
      `-remoteWrite.tmpDataPath=${join(dir, 'queue')}`,
      '-remoteWrite.flushInterval=200ms',
      `-promscrape.config=${config}`,
      `-httpListenAddr=${new URL(url).host}`,
    ],
    ready: () => fetchText(`${url}/health`),
  });
  return Object.assign(server, {
    url,
    forget: async () => {
      write([]);
      await fetchText(`${url}/-/reload`);
    },
  });
}
