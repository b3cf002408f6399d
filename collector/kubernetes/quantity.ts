/** Numbers as Kubernetes writes them: quantities in their shortest exact form, durations as Go prints them, times to the second. */

const THOUSANDS = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P'] as const;
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;

/** Cores, from whole billionths of one: `182734512n`, `1500u`, `250m`, `2`. */
export function cores(nanocores: number): string {
  return shortest(nanocores, 1000, THOUSANDS);
}

/** Bytes: `19732Ki`, `2Gi`, `5000001`. */
export function bytes(count: number): string {
  return shortest(count, 1024, BINARY);
}

function shortest(value: number, factor: number, units: readonly string[]): string {
  if (value === 0) return '0';
  let [left, unit] = [value, 0];
  while (left % factor === 0 && unit < units.length - 1) {
    left /= factor;
    unit++;
  }
  return `${left}${units[unit]}`;
}

/** `10s`, `15.953s`, `1m0.5s`, `500ms`. */
export function duration(ms: number): string {
  const whole = Math.round(ms);
  if (whole === 0) return '0s';
  if (whole < 1000) return `${whole}ms`;
  const [hours, minutes] = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60];
  const seconds = `${(whole % 60_000) / 1000}s`;
  return hours > 0 ? `${hours}h${minutes}m${seconds}` : minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/** Of the pods of a large cluster most were read in the same few seconds. */
const instants = new Map<number, string>();
const MAX_INSTANTS = 1000;

/** `2022-08-02T15:16:21Z`. */
export function instant(ms: number): string {
  const second = Math.floor(ms / 1000);
  const known = instants.get(second);
  if (known !== undefined) return known;
  const text = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
  if (instants.size >= MAX_INSTANTS) instants.clear();
  instants.set(second, text);
  return text;
}
