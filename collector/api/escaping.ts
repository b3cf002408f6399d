/** Label names in a path: what is no plain name comes as `U__` with each other character as `_hex_` and each underscore twice. */

/** As it was; a name that is not escaped, or not well, is taken as it is. */
export function unescapedName(name: string): string {
  if (!name.startsWith('U__')) return name;
  const escaped = name.slice(3);
  let plain = '';
  for (let at = 0; at < escaped.length; ) {
    const [all = '', hex, literal = ''] = /^(?:_([0-9a-f]{1,6})_|_(_)|([^_]))/.exec(escaped.slice(at, at + 8)) ?? [];
    if (all === '') return name;
    const code = hex === undefined ? undefined : Number.parseInt(hex, 16);
    if (code !== undefined && (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))) return name;
    plain += code === undefined ? literal || all : String.fromCodePoint(code);
    at += all.length;
  }
  return plain;
}
