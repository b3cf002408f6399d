/** The address of a server that we send to, taken apart: where it is, and the user and password that people write into it. */

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface WebAddress {
  /** Without user and password, and without a slash at its end: can be shown. */
  readonly url: string;
  readonly login: Login | undefined;
}

/** Answers what is wrong with it, in words that do not repeat it, if it cannot be used. */
export function parseWebAddress(text: string): WebAddress | string {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    const encoded = text.includes('@') ? '; in a password # is written %23, / %2F, @ %40' : '';
    return `must be an address such as "http://host:8086"${encoded}`;
  }
  const url = new URL(text);
  if (url.search !== '' || url.hash !== '')
    return 'must be an address without ? and #; user, password, database and the like have keys of their own';
  const login = loginIn(url);
  if (typeof login === 'string') return login;
  return { url: `${url.origin}${url.pathname}`.replace(/\/+$/, ''), login };
}

/** The user and password in an address, if there are any; or what is wrong with them. */
export function loginIn({ username, password }: URL): Login | undefined | string {
  if (username === '' && password === '') return undefined;
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return 'has a user or password with a % that is none: % itself is written %25';
  }
}

/** The header `Authorization` for a user and password. */
export function basicAuthorization({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
