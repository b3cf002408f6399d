/** Stands in until agents/docker has its own: which engines to talk to, and which containers to watch. */
import type { Endpoint } from './docker/endpoint.ts';
import type { Candidate } from './docker/filter.ts';

export function findEndpoints({ configured }: { configured: readonly string[]; tls: unknown; env: unknown }): Endpoint[] {
  return configured.flatMap((text) => {
    if (text === 'none') return [];
    return [{ socketPath: text === 'auto' ? '/var/run/docker.sock' : text.replace('unix://', '') }];
  });
}

export function createFilter(_settings: unknown): (candidate: Candidate) => boolean {
  return () => true;
}
