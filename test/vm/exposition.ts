/** Reads Prometheus text, the small and plain way a stranger would: for checks only. */

export interface Sample {
  readonly metric: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

export function samplesOf(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const match = line.startsWith('#') ? null : LINE.exec(line);
    if (!match) continue;
    const labels = new Map([...(match[2] ?? '').matchAll(LABEL)].map((pair) => [pair[1] ?? '', plain(pair[2] ?? '')]));
    samples.push({ metric: match[1] ?? '', labels, value: Number(match[3]) });
  }
  return samples;
}

/** Without the backslashes that the format puts before its own marks. */
function plain(quoted: string): string {
  return quoted.replace(/\\(.)/g, (_, mark: string) => (mark === 'n' ? '\n' : mark));
}

/** The one value of a metric whose labels hold all of those wanted; undefined if there is none, an error if there are two. */
export function valueIn(
  samples: readonly Sample[],
  metric: string,
  wanted: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    (sample) =>
      sample.metric === metric && Object.entries(wanted).every(([name, value]) => sample.labels.get(name) === value),
  );
  if (found.length > 1) throw new Error(`${metric} ${JSON.stringify(wanted)} stands for ${found.length} series`);
  return found[0]?.value;
}
