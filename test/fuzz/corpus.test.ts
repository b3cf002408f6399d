/** Every input that fuzzing has kept, faults of the past among them, and some thousand made of them; `npm run fuzz` makes millions. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { oneOf, randomOf } from '../hostile/attack.ts';
import { openCorpus } from './corpus.ts';
import { mutate } from './mutate.ts';
import { TARGETS } from './targets/index.ts';

const folder = fileURLToPath(new URL('./corpus/', import.meta.url));

test.each(TARGETS)('$name', (target) => {
  const { inputs } = openCorpus(folder + target.name);
  expect(inputs.length).toBeGreaterThan(2);
  for (const input of inputs) target.run(input);
  const random = randomOf(20_261_126);
  for (let i = 0; i < 2000; i++) target.run(mutate(oneOf(random, inputs), oneOf(random, inputs), random));
});
