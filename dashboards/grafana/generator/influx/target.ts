/** A query to an InfluxDB as Grafana keeps it; the library has no builder for these. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';

export const DATASOURCE = { type: 'influxdb', uid: `\${datasource}` };

interface InfluxTarget extends Dataquery {
  readonly datasource: typeof DATASOURCE;
  readonly refId: string;
  readonly query: string;
  readonly [more: string]: unknown;
}

class InfluxQuery implements Builder<Dataquery> {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields;
  }

  build(): Dataquery {
    const target: Omit<InfluxTarget, '_implementsDataqueryVariant'> = {
      datasource: DATASOURCE,
      refId: String(this.#fields.refId),
      query: String(this.#fields.query),
      ...this.#fields,
    };
    return target as InfluxTarget;
  }
}

export function influxTarget(fields: Readonly<Record<string, unknown>>): Builder<Dataquery> {
  return new InfluxQuery(fields);
}
