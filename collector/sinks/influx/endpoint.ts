/** Where each version of InfluxDB takes lines, and how it knows who we are. Pure: a configuration in, paths and headers out. */
import type { Login } from '../../../src/config/webaddress.ts';
import type { Target } from './answer.ts';

/** `/write`. */
export interface InfluxV1 {
  readonly version: 1;
  readonly database: string;
  readonly retentionPolicy?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** `/api/v2/write`, which InfluxDB 3 and VictoriaMetrics have too. */
export interface InfluxV2 {
  readonly version: 2;
  readonly org: string;
  readonly bucket: string;
  readonly token?: string | undefined;
  /** In place of a token: for a proxy that asks for user and password. */
  readonly login?: Login | undefined;
}

/** `/api/v3/write_lp`. */
export interface InfluxV3 {
  readonly version: 3;
  readonly database: string;
  readonly token?: string | undefined;
  readonly login?: Login | undefined;
  /** Answer before the lines are on disk. */
  readonly noSync: boolean;
}

export type InfluxPlace = InfluxV1 | InfluxV2 | InfluxV3;

export interface Credentials {
  readonly token: { readonly scheme: string; readonly token: string } | undefined;
  readonly basic: Login | undefined;
}

export function targetOf(url: string, to: InfluxPlace): Target {
  return { version: to.version, url: baseUrl(url), database: to.version === 2 ? to.bucket : to.database };
}

/** Without what people paste along: a slash at the end, the endpoint itself. */
function baseUrl(url: string): string {
  return url.replace(/\/+$/, '').replace(/\/api\/(v2(\/write)?|v3(\/write_lp)?)$/, '');
}

/** Path and query. Times are milliseconds in each. */
export function writePath(to: InfluxPlace): string {
  switch (to.version) {
    case 1: {
      const query = new URLSearchParams({ precision: 'ms', db: to.database });
      if (to.retentionPolicy !== undefined) query.set('rp', to.retentionPolicy);
      return `/write?${query}`;
    }
    case 2:
      return `/api/v2/write?${new URLSearchParams({ precision: 'ms', org: to.org, bucket: to.bucket })}`;
    case 3: {
      // Good lines are written although others are not; that is the server's default, and what its answers are read for.
      const query = new URLSearchParams({ db: to.database, precision: 'millisecond', accept_partial: 'true' });
      if (to.noSync) query.set('no_sync', 'true');
      return `/api/v3/write_lp?${query}`;
    }
  }
}

export function credentialsOf(to: InfluxPlace): Credentials {
  if (to.version === 1) {
    const { username, password = '' } = to;
    return { token: undefined, basic: username === undefined ? undefined : { username, password } };
  }
  const scheme = to.version === 2 ? 'Token' : 'Bearer';
  return { token: to.token === undefined ? undefined : { scheme, token: to.token }, basic: to.login };
}
