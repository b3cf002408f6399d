/** What is legal, in plain words: what the schema's library found wrong comes in, a sentence's end goes out. Keys with words of their own keep them. */
import type * as z from 'zod';

/** Undefined where the library's own words have to do. */
export function wordsOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_union':
      return Array.isArray(issue.options) ? oneOf(issue.options) : undefined;
    case 'invalid_value':
      return oneOf(issue.values);
    case 'invalid_type':
      return TYPES.get(issue.expected);
    case 'too_small':
      return issue.origin === 'string' ? 'must not be empty' : undefined;
    case 'invalid_format':
      return issue.format === 'url' ? 'must be an address such as "http://host:8086"' : undefined;
    case 'invalid_key':
      return `as a name, it ${issue.issues[0]?.message ?? 'is not legal'}`;
    default:
      return undefined;
  }
}

const TYPES = new Map<string, string>([
  ['object', 'must hold keys and values'],
  ['record', 'must hold keys and values'],
  ['array', 'must be a list, such as [a, b]'],
  ['string', 'must be text'],
]);

function oneOf(values: readonly unknown[]): string {
  return `must be one of ${values.join(', ')}`;
}
