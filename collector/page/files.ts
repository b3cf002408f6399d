/**
 * The page's files, as the build has made them: scripts and styles with a hash in their names, which never change, and the document that names
 * them. Beside the program, or within it where the program is one file.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  readonly gzip: Buffer;
  readonly etag: string;
}

/** What the build puts here when everything is one file: name -> text. */
declare const PLIMSOLL_PAGE: Readonly<Record<string, string>> | undefined;

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  yml: 'application/yaml; charset=utf-8',
};

/** From dist/src/cli, from dist/chunks, and from the sources. */
const FOLDERS = ['../../page/', '../page/', '../../dist/page/'];

/** By name; empty where the page was not built. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const texts = typeof PLIMSOLL_PAGE === 'undefined' ? fromFolder() : Object.entries(PLIMSOLL_PAGE);
  return new Map(texts.map(([name, text]) => [name, fileOf(name, text)]));
}

function fromFolder(): [string, string][] {
  for (const each of FOLDERS) {
    const folder = fileURLToPath(new URL(each, import.meta.url));
    const names = listed(folder);
    if (names.includes('index.html')) return names.map((name) => [name, readFileSync(folder + name, 'utf8')]);
  }
  return [];
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => TYPES[extension(name)] !== undefined);
  } catch (_notThere) {
    return [];
  }
}

function fileOf(name: string, text: string): PageFile {
  const body = Buffer.from(text);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { type: TYPES[extension(name)] ?? 'application/octet-stream', body, gzip: gzipSync(body, { level: 9 }), etag };
}

function extension(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
