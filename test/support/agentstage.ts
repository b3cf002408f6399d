/** `plimsoll agent` alone at one second for everything, over the engines and with the settings that a test names, and its page. */
import type { Page } from './page.ts';
import { pageOf } from './page.ts';
import { type Program, type ProgramOptions, startProgram } from './program.ts';
import type { Stage } from './stage.ts';
import { waitFor } from './wait.ts';

export interface AgentStage extends Pick<Stage, 'until' | 'stop'> {
  readonly program: Program;
  page(): Promise<Page>;
}

/** `agent` is the section of the configuration. */
export async function startAgentStage(
  agent: Readonly<Record<string, unknown>>,
  options: Pick<ProgramOptions, 'become' | 'env'> = {},
): Promise<AgentStage> {
  const config = { node: 'agent-1', agent: { interval: '1s', filesystem: { interval: '1s' }, ...agent } };
  const program = await startProgram({ command: 'agent', config, ...options });
  const page = async (): Promise<Page> => pageOf(await program.metrics('agent'));
  await program.ready();
  return {
    program,
    page,
    until: (_, test, what) => waitFor(async () => test(await page()), { timeoutMs: 30_000, everyMs: 100, what }),
    stop: () => program.stop(),
  };
}
