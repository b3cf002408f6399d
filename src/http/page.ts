/**
 * The page at `/`, as HTML and as text: facts and links come in as plain text, a small document goes out. Foreign text (a host's name, an
 * engine's error) may hold anything: it is escaped here, and only here.
 */
import { createHash } from 'node:crypto';

export interface PageContent {
  /** What this is, in a sentence. */
  readonly what: string;
  /** What it sees, as `name` and value, in order. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Paths below this page. */
  readonly links: readonly (readonly [path: string, what: string])[];
  /** A scrape configuration to copy, YAML. */
  readonly scrape: string;
  /** The address of the page that shows it all, if that is another server's. */
  readonly page?: string;
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:#666}dd{margin:0;overflow-wrap:anywhere}
pre{background:#f3f3f3;padding:1rem;overflow:auto}
input,button{font:inherit;padding:.4rem .6rem}.no{color:#b00020}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}dt{color:#999}pre{background:#262626}a{color:#8bf}.no{color:#f88}}`;

/** Nothing is loaded, run or sent anywhere; the one style sheet is this file's own. */
export const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE_IS = 'Which container uses what, and what is wrong, is on the collector’s page:';

/** The mark on a ship's hull. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="none" stroke="#27c" stroke-width="3"><circle cx="16" cy="16" r="10"/><path d="M1 16h30"/></g></svg>`;

export function asHtml({ what, facts, links, scrape, page }: PageContent): string {
  const rows = facts.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`);
  // Relative, so that they hold behind a proxy that serves this below a path of its own.
  const items = links.map(
    ([path, words]) => `<li><a href="${escaped(path.slice(1))}">${escaped(path)}</a>: ${escaped(words)}</li>`,
  );
  const further = page === undefined ? '' : `<p>${PAGE_IS} <a href="${escaped(page)}">${escaped(page)}</a></p>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Plimsoll</title><link rel="icon" href="favicon.ico"><style>${STYLE}</style></head>
<body><h1>Plimsoll</h1><p>${escaped(what)}</p>${further}
<h2>What it sees</h2><dl>${rows.join('\n')}</dl>
<h2>Where to look</h2><ul>${items.join('\n')}</ul>
<h2>For Prometheus</h2><pre>${escaped(scrape)}</pre></body></html>
`;
}

export interface SignInForm {
  /** Where the form goes, and where somebody who has signed in goes; below this page. */
  readonly action: string;
  readonly again: string;
  /** Why it was not taken. */
  readonly words: string;
}

/** A link, because a browser that comes from another site does not send the cookie along, and does when it is followed. */
export function signInHtml({ action, again, words }: SignInForm): string {
  const no = words === '' ? '' : `<p class="no" role="alert">${escaped(words)}</p>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Plimsoll: sign in</title><style>${STYLE}</style></head>
<body><main><h1>Plimsoll</h1>${no}
<form method="post" action="${escaped(action)}"><p><label for="token">The token of this collector</label></p>
<p><input id="token" name="token" type="password" autocomplete="current-password" required autofocus> <button>Sign in</button></p></form>
<p>It is in the file that <code>token_file</code> names. Have you signed in here before? <a href="${escaped(again)}">Then go on.</a></p></main></body></html>
`;
}

export function asText({ what, facts, links, scrape, page }: PageContent): string {
  const width = Math.max(...facts.map(([name]) => name.length), ...links.map(([path]) => path.length)) + 2;
  const lines = (pairs: PageContent['facts']): string =>
    pairs.map(([name, value]) => `${name.padEnd(width)}${plain(value)}\n`).join('');
  const further = page === undefined ? '' : `${PAGE_IS} ${plain(page)}\n\n`;
  return `${plain(what)}\n\n${further}${lines(facts)}\n${lines(links)}\nFor Prometheus:\n\n${scrape}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Whoever asks with curl reads it on a terminal, which must not obey what a name holds. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, '\uFFFD');
}

export interface ScrapeFacts {
  readonly job: string;
  /** Seconds. */
  readonly interval: number;
  readonly url: string;
  readonly path?: string;
  /** Whether a token is asked for. */
  readonly token: boolean;
  /** Of the target: what the series themselves do not say. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A job that fits this very server. */
export function scrapeJob({ job, interval, url, path = '/metrics', token, labels = {} }: ScrapeFacts): string {
  const { protocol, host } = new URL(url);
  // A string of JSON is one of YAML.
  const named = Object.entries(labels).map(([name, text]) => `${name}: ${JSON.stringify(text)}`);
  return [
    `  - job_name: ${job}`,
    `    scrape_interval: ${interval}s`,
    ...(path === '/metrics' ? [] : [`    metrics_path: ${path}`]),
    ...(protocol === 'https:' ? ['    scheme: https'] : []),
    ...(token ? ['    authorization: { credentials_file: /etc/plimsoll/token }'] : []),
    `    static_configs: [{ targets: ["${host}"]${named.length > 0 ? `, labels: { ${named.join(', ')} }` : ''} }]`,
    '',
  ].join('\n');
}
