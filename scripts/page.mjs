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

/**
 * What we do not use of uPlot, how often it stands there, and what takes its place: ways to draw (steps, bars, splines), joining, and dates,
 * which our axes say themselves. Once nobody refers to them they are not part of the bundle: 4 kB.
 */
const UNUSED = /** @type {const} */ ([
  [/\(paths\.(stepped|bars|spline) *= \w+\);/g, 3, ''],
  [/uPlot\.(join|fmtDate|tzDate) *= \w+;/g, 3, ''],
  [/function fmtDate\(tpl, names\) \{[\s\S]*?\n\}\n/g, 1, 'const fmtDate = () => String;\n'],
]);

/** @type {import('esbuild').Plugin} */
const leanPlot = {
  name: 'lean-plot',
  setup({ onLoad }) {
    onLoad({ filter: /uPlot\.esm\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      for (const [part, times, instead] of UNUSED) {
        if (contents.match(part)?.length !== times) throw new Error(`${path} has not ${part} as it had: look anew`);
        contents = contents.replace(part, instead);
      }
      return { contents };
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
