/** A process of its own for the attackers, so that their work does not slow down those that measure: `attackers.js URL SEED SECONDS SIDE_BY_SIDE`. */
import { ATTACKS } from './attacks/index.ts';
import { between, oneOf, pause, type Random, randomOf, type Target } from './attack.ts';

const [url = '', seed = '1', seconds = '60', sideBySide = '4'] = process.argv.slice(2);
const target: Target = { url, port: Number(new URL(url).port) };
const random = randomOf(Number(seed));
const over = AbortSignal.timeout(Number(seconds) * 1000);
const runs = new Map<string, number>();

/** One attack after the other, each for some seconds. */
async function attacker(mine: Random): Promise<void> {
  while (!over.aborted) {
    const attack = oneOf(mine, ATTACKS);
    runs.set(attack.name, (runs.get(attack.name) ?? 0) + 1);
    const enough = AbortSignal.any([over, AbortSignal.timeout(between(mine, 3, 20) * 1000)]);
    try {
      await attack.run(target, mine, enough);
    } catch (error) {
      console.error(`${attack.name}: ${(error as Error).message}`);
      await pause(1000, over);
    }
  }
}

await Promise.all(Array.from({ length: Number(sideBySide) }, () => attacker(randomOf(between(random, 1, 2 ** 31)))));
console.log(JSON.stringify([...runs]));
process.exit(0);
