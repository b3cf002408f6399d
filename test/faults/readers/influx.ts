/** The points that InfluxDB 1 holds, by InfluxQL. */
import type { Influx, InfluxSeries } from '../../support/influxdb.ts';
import { type Level, type Point, prefixOf, type Reader, type Series, type What } from './reader.ts';

const WHAT: Readonly<Record<What, readonly [measurement: string, field: string]>> = {
  counter: ['cpu', 'usage_seconds_total'],
  gauge: ['memory', 'usage_bytes'],
};

export function influxReader(influx: Influx, database: string): Reader {
  return {
    name: 'influx',
    async series(level: Level, what: What) {
      const [measurement, field] = WHAT[what];
      const from = `SELECT "${field}" FROM "${prefixOf(level)}_${measurement}" GROUP BY *`;
      return (await influx.query(database, from)).map(seriesOf);
    },
    async numbers() {
      const series = await influx.query(database, 'SELECT * FROM /.*/ GROUP BY *');
      const cells = series.flatMap(({ values }) => values.flatMap((row) => row.slice(1)));
      return cells.filter((cell) => typeof cell === 'number').length;
    },
  };
}

function seriesOf({ tags = {}, values }: InfluxSeries): Series {
  const points = values.flatMap(([time, value]): Point[] => (value === null ? [] : [[Number(time), Number(value)]]));
  return { labels: tags, points };
}
