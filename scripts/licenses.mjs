/** The licenses of what a bundle holds: esbuild's list of inputs comes in, one text goes out, as those licenses ask. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;

/** @param {string} root @param {readonly import('esbuild').BuildResult[]} results @returns {string} */
export function licensesOf(root, results) {
  const inputs = results.flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {}));
  const folders = new Set(inputs.flatMap((path) => PACKAGE.exec(path)?.[0] ?? []));
  const texts = [...folders].sort().map((folder) => licenseOf(join(root, folder)));
  return `This program holds the following libraries.\n\n${texts.join('\n')}`;
}

/** @param {string} folder */
function licenseOf(folder) {
  const { name, version, license, licenses } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  // Older packages have a list.
  const kind = license ?? licenses?.map((each) => each.type).join(', ');
  const file = readdirSync(folder).find((each) => /^licen[sc]e/i.test(each) && existsSync(join(folder, each)));
  const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  return `---- ${name} ${version}: ${kind}\n${text}`;
}
