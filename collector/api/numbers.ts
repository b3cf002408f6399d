/** Numbers as Prometheus' JSON has them: times in seconds with three decimals or none, values as text that reads back as the same float. */

/** Integer Unix milliseconds as seconds. */
export function timeText(ms: number): string {
  if (ms >= 0 && ms % 1000 === 0) return `${ms / 1000}`;
  const whole = Math.trunc(ms / 1000);
  const rest = Math.abs(ms % 1000);
  const sign = ms < 0 && whole === 0 ? '-' : '';
  return rest === 0 ? `${whole}` : `${sign}${whole}.${String(rest).padStart(3, '0')}`;
}

/** Of a point of a vector or a matrix: very large and very small ones with an exponent of two digits at least. */
export function valueText(value: number): string {
  const text = `${value}`;
  const size = value < 0 ? -value : value;
  // Within it there is no exponent, and nothing special.
  if (size >= 1e-6 && size < 1e21) return text;
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const at = text.indexOf('e');
  if (at < 0) return special(value) ?? text;
  const digits = text.slice(at + 2);
  return digits.length === 1 ? `${text.slice(0, at + 2)}0${digits}` : text;
}

/** Of a scalar: never with an exponent. */
export function scalarText(value: number): string {
  const text = valueText(value);
  const [, sign = '', whole = '', fraction = '', exponent = ''] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];
  if (exponent === '') return text;
  const power = Number(exponent);
  const digits = whole + fraction;
  return power > 0 ? sign + digits.padEnd(power + 1, '0') : `${sign}0.${'0'.repeat(-power - 1)}${digits}`;
}

function special(value: number): string | undefined {
  if (Number.isFinite(value)) return undefined;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
