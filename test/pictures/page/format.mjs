/** Numbers with their units, as Grafana writes them: those units that our dashboards use. */

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const DECIMAL_BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const SHORT = ['', 'K', 'Mil', 'Bil', 'Tri'];

/**
 * @param {number | null | undefined} value
 * @param {string} [unit]
 * @param {number} [decimals]
 */
export function format(value, unit = 'none', decimals = undefined) {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  const per = PER_SECOND.get(unit);
  if (per !== undefined) return `${scaled(value, { base: 1000, names: SHORT, decimals })} ${per}`;
  if (unit === 'percentunit') return `${fixed(value * 100, decimals)}%`;
  if (unit === 'percent') return `${fixed(value, decimals)}%`;
  if (unit === 'bytes') return scaled(value, { base: 1024, names: BINARY, decimals, apart: true });
  if (unit === 'decbytes') return scaled(value, { base: 1000, names: DECIMAL_BYTES, decimals, apart: true });
  if (unit === 'binBps') return `${scaled(value, { base: 1024, names: BINARY, decimals, apart: true })}/s`;
  if (unit === 'Bps') return `${scaled(value, { base: 1000, names: DECIMAL_BYTES, decimals, apart: true })}/s`;
  if (unit === 's') return seconds(value, decimals);
  if (unit === 'dtdurations') return duration(value);
  if (unit === 'dateTimeFromNow' || unit === 'dateTimeAsIso')
    return new Date(value).toISOString().slice(0, 19).replace('T', ' ');
  return scaled(value, { base: 1000, names: SHORT, decimals, apart: true });
}

const PER_SECOND = new Map([
  ['iops', 'io/s'],
  ['pps', 'p/s'],
  ['cps', 'c/s'],
  ['ops', 'ops/s'],
  ['reqps', 'req/s'],
  ['wps', 'writes/s'],
]);

function fixed(value, decimals) {
  if (decimals !== undefined && decimals !== null) return value.toFixed(decimals);
  const size = Math.abs(value);
  const digits = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return String(Number(value.toFixed(digits)));
}

function scaled(value, { base, names, decimals, apart = false }) {
  let left = value;
  let i = 0;
  while (Math.abs(left) >= base && i < names.length - 1) {
    left /= base;
    i++;
  }
  // Decimals that were set are those of the scaled number.
  return `${fixed(left, decimals)}${apart && names[i] !== '' ? ' ' : ''}${names[i]}`;
}

function seconds(value, decimals) {
  const size = Math.abs(value);
  if (size === 0) return `${fixed(0, decimals)} s`;
  if (size < 1e-3) return `${fixed(value * 1e6, decimals)} µs`;
  if (size < 1) return `${fixed(value * 1e3, decimals)} ms`;
  if (size < 60) return `${fixed(value, decimals)} s`;
  if (size < 3600) return `${fixed(value / 60, decimals)} mins`;
  if (size < 86_400) return `${fixed(value / 3600, decimals)} hours`;
  return `${fixed(value / 86_400, decimals)} days`;
}

function duration(value) {
  const parts = [
    [Math.floor(value / 86_400), 'd'],
    [Math.floor((value % 86_400) / 3600), 'h'],
    [Math.floor((value % 3600) / 60), 'm'],
    [Math.floor(value % 60), 's'],
  ].filter(([n]) => n > 0);
  return parts.length === 0
    ? '0s'
    : parts
        .slice(0, 2)
        .map(([n, unit]) => `${n}${unit}`)
        .join(' ');
}
