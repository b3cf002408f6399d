/** An agent that ticks less often than windows close: what that means, where one configuration holds both sides. */
import type { Config } from '../config/schema.ts';

/** One sentence with the remedy; none if each window has a tick. */
export function slowTicks({ agent, collector }: Pick<Config, 'agent' | 'collector'>): string[] {
  if (agent.interval <= collector.window) return [];
  const [interval, window] = [`${agent.interval / 1000}s`, `${collector.window / 1000}s`];
  return [
    `agent.interval is ${interval} and collector.window ${window}: in the windows between two ticks groups have the last readings; ` +
      `set collector.window to ${interval} or more.`,
  ];
}
