import { defineConfig } from 'vitest/config';

// Two projects. "unit" needs no server and no root; "live" talks to a real Docker Engine, Prometheus, InfluxDB and
// VictoriaMetrics, which scripts/test.mjs installs and test/support/servers.ts starts. Live files run one at a time.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/live/**', 'test/k8s/**', 'test/vm/**'],
          // What hangs ends; what is slow on a busy machine is no failure.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // Against a cluster of our own: `npm run test:k8s`.
          name: 'k8s',
          include: ['test/k8s/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'live',
          include: ['test/live/**/*.test.ts'],
          globalSetup: ['test/support/global.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
