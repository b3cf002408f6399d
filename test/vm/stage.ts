/** What a part of the checks is given, and what a part is. */
import { engineAt, type Engine } from '../support/engine.ts';
import { type AgentSettings, type Plimsoll, startPlimsoll } from './plimsoll.ts';
import { createReport, type Report } from './report.ts';

export interface Stage {
  readonly report: Report;
  /** Where the checkout is mounted. */
  readonly checkout: string;
  /** The system's Docker. */
  readonly docker: Engine;
  /** `plimsoll run` as root with these settings of its agent: the one that runs if it has them, else another in its place. */
  watch(settings: AgentSettings): Promise<Plimsoll>;
  stop(): Promise<void>;
}

/** A part is known by its function's name. It removes what it started, but for the containers of the system's Docker. */
export interface Part {
  readonly run: (stage: Stage) => Promise<void>;
  /** Which Debian releases have what it is about; all if not given. */
  readonly releases?: readonly string[];
}

export function createStage(checkout: string): Stage {
  let running: { readonly key: string; readonly plimsoll: Plimsoll } | undefined;
  const stop = async (): Promise<void> => {
    await running?.plimsoll.stop();
    running = undefined;
  };
  return {
    report: createReport(),
    checkout,
    docker: engineAt('/var/run/docker.sock'),
    async watch(settings) {
      const key = JSON.stringify(settings);
      if (running?.key === key) return running.plimsoll;
      await stop();
      running = { key, plimsoll: await startPlimsoll({ checkout, settings }) };
      return running.plimsoll;
    },
    stop,
  };
}
