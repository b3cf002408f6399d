/**
 * `labelSelector` and `fieldSelector` as Kubernetes writes them: text comes in, a test of an object goes out. Throws a StatusError for what is no
 * selector, with the piece that is wrong.
 */
import { StatusError } from './status.ts';

/** The value of a label; undefined where there is none. */
export type LabelOf = (key: string) => string | undefined;
export type LabelTest = (labelOf: LabelOf) => boolean;

const KEY = String.raw`(?:[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?`;
const VALUE = `(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?`;
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);
const EQUALS = new RegExp(`^(${KEY})\\s*(==|=|!=|>|<)\\s*(${VALUE})$`);
const IN = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
/** What one question may ask. */
const MAX_CHARS = 16_384;

export function labelTest(text: string): LabelTest {
  const tests = requirements(text).map(oneTest);
  return (labelOf) => tests.every((test) => test(labelOf));
}

/** Split at commas that are not in parentheses. */
function requirements(text: string): string[] {
  if (text.length > MAX_CHARS) throw wrong(`a selector may have ${MAX_CHARS} characters`);
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  return parts.length === 1 && parts[0] === '' ? [] : parts;
}

function oneTest(part: string): LabelTest {
  const exists = EXISTS.exec(part);
  if (exists) {
    const [, not, key = ''] = exists;
    return (labelOf) => (labelOf(key) === undefined) === (not === '!');
  }
  const equals = EQUALS.exec(part);
  if (equals) return compared(equals[1] as string, equals[2] as string, equals[3] as string);
  const [, key = '', word, list = ''] = IN.exec(part) ?? [];
  const values = list.split(',').map((value) => value.trim());
  if (word === undefined || !values.every((value) => new RegExp(`^${VALUE}$`).test(value))) {
    throw wrong(`unable to parse requirement: ${JSON.stringify(part.slice(0, 200))}`);
  }
  const wanted = new Set(values);
  return word === 'in' ? (labelOf) => wanted.has(labelOf(key) ?? '\0') : (labelOf) => !wanted.has(labelOf(key) ?? '\0');
}

function compared(key: string, op: string, value: string): LabelTest {
  if (op === '!=') return (labelOf) => labelOf(key) !== value;
  if (op === '=' || op === '==') return (labelOf) => labelOf(key) === value;
  const bound = Number(value);
  if (!/^[+-]?\d+$/.test(value)) throw wrong(`for '>' and '<' the value must be an integer: ${JSON.stringify(value)}`);
  return (labelOf) => {
    const own = labelOf(key);
    if (own === undefined || !/^[+-]?\d+$/.test(own)) return false;
    return op === '>' ? Number(own) > bound : Number(own) < bound;
  };
}

export interface Fields {
  readonly name: string;
  /** Empty for what has none. */
  readonly namespace: string;
}

export type FieldTest = (fields: Fields) => boolean;

export function fieldTest(text: string): FieldTest {
  const tests = requirements(text).map((part): FieldTest => {
    const [, field, op, value] = /^(metadata\.(?:name|namespace))\s*(==|=|!=)\s*(.*)$/.exec(part) ?? [];
    if (field === undefined) {
      throw wrong(
        `field selector ${JSON.stringify(part.slice(0, 200))} is not known; legal: metadata.name, metadata.namespace`,
      );
    }
    const own = field === 'metadata.name' ? 'name' : 'namespace';
    return (fields) => (fields[own] === value) === (op !== '!=');
  });
  return (fields) => tests.every((test) => test(fields));
}

function wrong(message: string): StatusError {
  return new StatusError('BadRequest', message);
}
