/** Made-up containers in any number, for pictures and benches: a shop, with some that are in trouble, and names that somebody meant ill with. */
import { compose, type Simulated } from '../support/fleet.ts';

const MIB = 1024 ** 2;
const SERVICES = ['web', 'checkout', 'cart', 'search', 'cache', 'db', 'mailer', 'worker', 'frontend', 'auth'];
const PROJECTS = ['shop', 'billing', 'blog'];

const HOSTILE: readonly Simulated[] = [
  {
    name: '<img src=x onerror=alert(1)>',
    image: '"><script>alert(2)</script>',
    labels: compose('__proto__', 'constructor'),
  },
  {
    name: `a-name-that-somebody-generated-for-a-checkout-worker-${'x'.repeat(120)}`,
    memory: 700 * MIB,
    labels: compose('shop', 'generated'),
  },
];

export function crowd(count: number, node: string): Simulated[] {
  const some = Array.from({ length: count }, (_, i) => one(i, node));
  return count < 10 ? some : [...some.slice(0, count - HOSTILE.length), ...HOSTILE];
}

function one(i: number, node: string): Simulated {
  const project = PROJECTS[i % 7 === 0 ? 1 : i % 11 === 0 ? 2 : 0] as string;
  const service = SERVICES[i % SERVICES.length] as string;
  const limits = i % 3 === 0 ? {} : { memoryLimit: 512 * MIB, cpuLimit: 1 };
  const base: Simulated = {
    name: `${project}-${service}-${Math.floor(i / SERVICES.length) + 1}${node === 'web-1' ? '' : `-${node.slice(-1)}`}`,
    image: `registry.example/${project}/${service}:2.${i % 9}.${i % 4}`,
    labels: compose(project, service),
    // Eight cores are enough for a hundred of them.
    cpu: ((i * 7919) % 97) / 900,
    memory: (20 + ((i * 104_729) % 460)) * MIB,
    ...limits,
    ...(i % 4 === 0 ? { health: 'healthy' as const } : {}),
  };
  if (i % 97 === 5) return { ...base, health: 'unhealthy' };
  if (i % 89 === 7) return { ...base, memory: 497 * MIB, memoryLimit: 512 * MIB };
  if (i % 83 === 8) return { ...base, throttled: 0.4, cpu: 0.96, cpuLimit: 1 };
  if (i % 41 === 9) return { ...base, exit: i % 2 === 0 ? 1 : 0 };
  if (i % 113 === 2) return { ...base, exit: 137, oomKilled: true };
  if (i % 61 === 3) return { ...base, restarts: 1 + (i % 5) };
  return base;
}
