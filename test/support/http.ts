/** One HTTP request to a server under test; anything but 2xx is an error that holds the answer's beginning. */

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The answer's text. */
export async function fetchText(url: string, init: RequestInit = {}): Promise<Answer> {
  const signal = init.signal ?? AbortSignal.timeout(10_000);
  const { response, text } = await Promise.race([textOf(fetch(url, { ...init, signal })), endOf(signal)]);
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${url}: ${response.status} ${text.slice(0, 500)}`);
  return { status: response.status, text };
}

async function textOf(answer: Promise<Response>): Promise<{ response: Response; text: string }> {
  const response = await answer;
  return { response, text: await response.text() };
}

/** `fetch` holds its signal weakly: one that nobody listens to may be collected before its time, and then never ends anything. */
function endOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** The answer, parsed from JSON. */
export async function fetchJson<T>(url: string, init: RequestInit = {}): Promise<T> {
  return JSON.parse((await fetchText(url, init)).text) as T;
}
