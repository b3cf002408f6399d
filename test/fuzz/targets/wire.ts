/** Bodies of agents: decoded, and what is taken must be encodable and decode to the same again. */
import { familyNamed } from '../../../src/catalog/index.ts';
import { WireError } from '../../../src/errors.ts';
import { countSamples } from '../../../src/model/table.ts';
import { createDecoder } from '../../../src/wire/decode.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { WIRE_LIMITS } from '../../../src/wire/limits.ts';
import { syntheticAgents } from '../../bench/load.ts';
import { must, type Target } from '../target.ts';

/** Small, so that limits are reached by small inputs. */
const limits = { ...WIRE_LIMITS, bodyBytes: 1 << 20, rows: 2000, entities: 500, cells: 1 << 18 };

export const wire: Target = {
  name: 'wire',
  seeds() {
    return [1, 3].flatMap((containers) => {
      const [agent] = syntheticAgents({ agents: 1, containers, metrics: 33 });
      if (agent === undefined) return [];
      const encoder = createEncoder({ node: agent.node, session: `session-of-${agent.node}` });
      return [1, 2].map((i) => encoder.encode(agent.batch(1_700_000_000_000 + i * 1000)).slice());
    });
  },
  run(input) {
    const decoder = createDecoder({ familyNamed, limits });
    try {
      const { batch, samples } = decoder.decode(Buffer.from(input));
      must(batch.tables.reduce((sum, table) => sum + countSamples(table), 0) === samples, 'samples are counted wrong');
      const encoder = createEncoder({ node: batch.node, session: batch.session });
      const again = createDecoder({ familyNamed, limits }).decode(Buffer.from(encoder.encode(batch, { full: true })));
      must(again.samples === samples, `${samples} samples became ${again.samples}`);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  },
};
