/**
 * The line protocol's escaping. Servers disagree about backslashes: InfluxDB 1 and 2 keep `\\` as two, InfluxDB 3 and
 * VictoriaMetrics read it as one, and at the end of a tag value a backslash escapes the separator everywhere. So a backslash that
 * any of them could take for an escape becomes a slash; before another character it stays, and reads back the same everywhere.
 */

/** Tag keys and values longer than this are cut: InfluxDB 1 refuses a line whose measurement and tags exceed 64 KB. */
const MAX_TAG_CHARACTERS = 1024;

/** String fields longer than this are cut; InfluxDB 1 takes 64 KB. */
const MAX_STRING_CHARACTERS = 16_384;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f]/g;
const AMBIGUOUS_BACKSLASH = /\\(?=[\\ ,=]|$)/g;

/** A measurement's name: commas and spaces escaped; a leading `#` would make the line a comment. */
export function escapeMeasurement(name: string): string {
  return plain(name, MAX_TAG_CHARACTERS).replace(/^#/, '_').replace(/[, ]/g, '\\$&');
}

/** A tag's key or value or a field's key: commas, equals signs and spaces escaped. */
export function escapeTag(text: string): string {
  return plain(text, MAX_TAG_CHARACTERS).replace(/[,= ]/g, '\\$&');
}

/** A string field's value with its quotes. */
export function quoted(text: string): string {
  return `"${oneLine(text, MAX_STRING_CHARACTERS).replace(/["\\]/g, '\\$&')}"`;
}

function plain(text: string, max: number): string {
  return oneLine(text, max).replace(AMBIGUOUS_BACKSLASH, '/');
}

/** Without control characters, newlines above all: a space instead. Cut to a length, never through a character. */
function oneLine(text: string, max: number): string {
  const cut = text.length > max ? text.slice(0, max) : text;
  return cut.replace(CONTROL, ' ').toWellFormed();
}
