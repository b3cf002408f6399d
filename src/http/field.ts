/**
 * Reads single fields out of foreign JSON. A field that is missing or of another type is absent, never an error: what an
 * engine says is never trusted to have the shape that its documentation promises.
 */

/** A field of an object; undefined when there is no such own field, or `of` is not an object. */
export function field(of: unknown, key: string): unknown {
  if (typeof of !== 'object' || of === null || !Object.hasOwn(of, key)) return undefined;
  return (of as Record<string, unknown>)[key];
}

/** A text, or undefined. */
export function textField(of: unknown, key: string): string | undefined {
  const value = field(of, key);
  return typeof value === 'string' ? value : undefined;
}

/** A finite number, or undefined. */
export function numberField(of: unknown, key: string): number | undefined {
  const value = field(of, key);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** True only for a JSON `true`. */
export function trueField(of: unknown, key: string): boolean {
  return field(of, key) === true;
}

/** A list; empty when it is none. */
export function listField(of: unknown, key: string): readonly unknown[] {
  const value = field(of, key);
  return Array.isArray(value) ? value : [];
}

/** The texts of a list, anything else in it left out. */
export function textsField(of: unknown, key: string): string[] {
  return listField(of, key).filter((value) => typeof value === 'string');
}

/** An object's text values by key, as a Map: `__proto__` and its like are only keys there. */
export function textMapField(of: unknown, key: string): Map<string, string> {
  const value = field(of, key);
  const map = new Map<string, string>();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return map;
  for (const [name, text] of Object.entries(value)) if (typeof text === 'string') map.set(name, text);
  return map;
}

/** An RFC 3339 time in Unix milliseconds; 0 for none, for the engine's year 1 and for nonsense. */
export function timeField(of: unknown, key: string): number {
  const ms = Date.parse(textField(of, key) ?? '');
  return Number.isNaN(ms) || ms < 0 ? 0 : ms;
}
