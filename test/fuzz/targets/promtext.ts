/** Pages of Prometheus text, which `plimsoll top` reads from anywhere. */
import { parseSamples } from '../../../src/cli/top/read/promtext.ts';
import { bytesOf, must, type Target, textOf } from '../target.ts';

export const promtext: Target = {
  name: 'promtext',
  seeds: () =>
    [
      '# HELP a b\n# TYPE a gauge\na{id="/",name="x"} 1\na{id="\\"q\\\\\\n"} 2.5e-3 1700000000000\n',
      'plain 3\nb_total{le="+Inf"} +Inf\nc NaN\n# EOF\n',
      'a{__proto__="1",constructor="2"} 1\n',
    ].map(bytesOf),
  run(input) {
    for (const { metric, labels, value } of parseSamples(textOf(input))) {
      must(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric), `metric ${JSON.stringify(metric)}`);
      must(typeof value === 'number' && labels instanceof Map, 'a sample of another form');
    }
  },
};
