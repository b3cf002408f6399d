/** A number as text without an exponent, as Go's `%f` in its shortest form: what count_values makes a label of. */

export function plainNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const found = /^(-?)(\d)(?:\.(\d+))?e([-+]\d+)$/.exec(text);
  if (!found) return text;
  const [, sign, first, rest = '', exponent] = found as unknown as [string, string, string, string | undefined, string];
  const digits = first + rest;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return sign + digits.padEnd(point, '0');
}
