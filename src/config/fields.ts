/** The schema's kinds of values beside the plain ones: durations, sizes, addresses and the servers we send to; each says what is legal when it is not. */
import * as z from 'zod';
import { parseAddress, parseDuration, parseSize } from './units.ts';
import { parseWebAddress } from './webaddress.ts';

interface Bounds {
  readonly min: string;
  readonly max: string;
}

/** A duration within bounds, in milliseconds. The default is written as people write it. */
export function duration(fallback: string, bounds: Bounds) {
  return z
    .string({ error: () => durationWords(bounds) })
    .default(fallback)
    .transform(durationWithin(bounds));
}

/** The same without a default. */
export function optionalDuration(bounds: Bounds) {
  return z
    .string({ error: () => durationWords(bounds) })
    .transform(durationWithin(bounds))
    .optional();
}

function durationWords({ min, max }: Bounds): string {
  return `must be a duration such as "10s", "500ms", "1m30s" or "7d", from ${min} to ${max}`;
}

function durationWithin(bounds: Bounds) {
  const low = parseDuration(bounds.min) as number;
  const high = parseDuration(bounds.max) as number;
  return (text: string, context: z.RefinementCtx): number => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= low && ms <= high) return ms;
    context.issues.push({ code: 'custom', input: text, message: durationWords(bounds) });
    return z.NEVER;
  };
}

/** A whole number within bounds. */
export function whole(fallback: number, { min, max }: { readonly min: number; readonly max: number }) {
  return z
    .number({ error: () => `must be a whole number from ${min} to ${max}` })
    .int()
    .min(min)
    .max(max)
    .default(fallback);
}

/** A switch. */
export function toggle(fallback: boolean, description: string) {
  return z
    .boolean({ error: () => 'must be true or false' })
    .default(fallback)
    .describe(description);
}

/** A number of bytes. */
export function size(fallback: string) {
  const message = 'must be a size such as "64MB", "16MiB" or "4096" (bytes), at least 1';
  return z
    .union([z.string(), z.number()], { error: () => message })
    .default(fallback)
    .transform((given, context) => {
      const bytes = parseSize(String(given));
      if (bytes !== undefined && bytes > 0) return bytes;
      context.issues.push({ code: 'custom', input: given, message });
      return z.NEVER;
    });
}

/** Where to listen. */
export function address(fallback: string) {
  const message = 'must be host:port such as "127.0.0.1:9640", "[::1]:9640" or ":9640", with a port from 0 to 65535';
  return z
    .string({ error: () => message })
    .default(fallback)
    .transform((text, context) => {
      const parsed = parseAddress(text);
      if (parsed) return parsed;
      context.issues.push({ code: 'custom', input: text, message });
      return z.NEVER;
    });
}

/** Where to send to. */
export function webAddress() {
  return z.string().transform((text, context) => {
    const parsed = parseWebAddress(text);
    if (typeof parsed === 'object') return parsed;
    context.issues.push({ code: 'custom', input: text, message: parsed });
    return z.NEVER;
  });
}

export const text = (description: string) => z.string().describe(description);

/** How we show ourselves to a server, and whom we trust. */
export const clientTls = z
  .strictObject({
    ca: text('file with the certificates to trust, PEM').optional(),
    cert: text('file with our client certificate, PEM').optional(),
    key: text('file with its key, PEM').optional(),
  })
  .prefault({});
