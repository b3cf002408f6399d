/**
 * What an engine tells about itself (`/info`): good to have, and nothing depends on it. A socket proxy may refuse it and a busy engine
 * take too long; containers, their events and numbers come without.
 */
import type { Log } from '../../../src/log.ts';
import type { EngineInfo } from './api.ts';
import type { EngineClient } from './client.ts';

/** Makes a function that asks, and answers undefined where the engine does not: that is said once. */
export function aboutEngine(client: Pick<EngineClient, 'info'>, log: Log): () => Promise<EngineInfo | undefined> {
  let tells = true;
  return async () => {
    try {
      const info = await client.info();
      tells = true;
      return info;
    } catch (error) {
      const words = [{ error: String(error) }, 'the engine does not tell about itself; it is asked again'] as const;
      if (tells) log.warn(...words);
      else log.debug(...words);
      tells = false;
      return undefined;
    }
  };
}
