/** One HTTP request to a server under test; anything but 2xx is an error that holds the answer's beginning. */

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The answer's text. */
export async function fetchText(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000), ...init });
  const text = await response.text();
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${url}: ${response.status} ${text.slice(0, 500)}`);
  return { status: response.status, text };
}

/** The answer, parsed from JSON. */
export async function fetchJson<T>(url: string, init: RequestInit = {}): Promise<T> {
  return JSON.parse((await fetchText(url, init)).text) as T;
}
