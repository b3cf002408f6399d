/** Foreign JSON and YAML, looked into without believing its shape: what is not there, or is something else, is undefined or empty. */

export type Raw = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): Raw | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : undefined;
}

export function textAt(raw: Raw | undefined, key: string): string | undefined {
  const value = raw?.[key];
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** The objects of a list. */
export function listAt(raw: Raw | undefined, key: string): Raw[] {
  const value = raw?.[key];
  return objectsIn(Array.isArray(value) ? value : []);
}

export function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

export function objectsIn(values: readonly unknown[]): Raw[] {
  return values.map(objectOf).filter((each) => each !== undefined);
}
