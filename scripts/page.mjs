/**
 * The collector's page: dashboards/web as one script and one style sheet, with a hash of their content in their names, the document that names
 * them, and the alert rules to save. What it weighs is measured here, and the build fails when it grows beyond what a phone should wait for.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Gzipped, of all that the browser loads. */
const MAX_BYTES = 60_000;
const RULES = ['thresholds', 'containers', 'hosts', 'pipeline'];

/** Ways to draw that we do not: steps, bars, splines. Once nobody refers to them they are not part of the bundle: 2 kB. */
const UNUSED_PATHS = /\(paths\.(stepped|bars|spline) *= \w+\);/g;

/** @type {import('esbuild').Plugin} */
const leanPlot = {
  name: 'lean-plot',
  setup({ onLoad }) {
    onLoad({ filter: /uPlot\.esm\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (text.match(UNUSED_PATHS)?.length !== 3)
        throw new Error(`${path} has other ways to draw than it had: look anew`);
      return { contents: text.replace(UNUSED_PATHS, '') };
    });
  },
};

/** @param {string} root */
export async function buildPage(root) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [
      { in: 'dashboards/web/main.tsx', out: 'page' },
      { in: 'dashboards/web/style/page.css', out: 'page' },
    ],
    entryNames: '[name]-[hash]',
    outdir: 'dist/page',
    bundle: true,
    write: false,
    format: 'esm',
    target: ['es2022', 'chrome109', 'firefox115', 'safari16.4'],
    minify: true,
    charset: 'utf8',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx', jsxImportSource: 'preact' } },
    legalComments: 'none',
    metafile: true,
    plugins: [leanPlot],
    logLevel: 'warning',
  });
  const files = new Map(result.outputFiles.map(({ path, text }) => [basename(path), text]));
  const [script, style] = ['.js', '.css'].map((end) => [...files.keys()].find((name) => name.endsWith(end)));
  files.set('index.html', documentOf(String(script), String(style)));
  const weight = [...files.values()].reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
  if (weight > MAX_BYTES) throw new Error(`the page weighs ${weight} bytes gzipped, and ${MAX_BYTES} are the most`);
  for (const name of RULES)
    files.set(`${name}.rules.yml`, readFileSync(join(root, 'dashboards', 'prometheus', `${name}.rules.yml`), 'utf8'));
  return { files, result, weight };
}

/** Everything relative, so that it holds behind a proxy that serves it below a path. */
function documentOf(script, style) {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Plimsoll</title><link rel="icon" href="favicon.ico"><link rel="stylesheet" href="page/files/${style}">
<script type="module" src="page/files/${script}"></script></head>
<body><div id="page"></div><noscript>This page needs JavaScript. Without it, <a href="metrics">/metrics</a> has the numbers.</noscript></body></html>
`;
}
