/** Around the whole live project: one Docker Engine that all its files share, under `inject('dockerSocket')`. */
import type { TestProject } from 'vitest/node';
import { startDockerd } from './dockerd.ts';
import { requirePrograms } from './install.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The socket's path of the engine that the live tests share; {@link engineAt} talks to it. */
    dockerSocket: string;
  }
}

/** Starts the engine; what is handed back stops it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  requirePrograms('dockerd', 'docker', 'busybox', 'prometheus', 'promtool', 'influxd', 'victoria-metrics');
  const dockerd = await startDockerd();
  project.provide('dockerSocket', dockerd.socket);
  return () => dockerd.stop();
}
