/** Pressure stall information: the time that was lost waiting. */
import { family } from '../model/family.ts';

export const pressure = family({
  name: 'pressure',
  help: 'Time lost waiting for CPU, memory and block devices (PSI); also on v1 hosts that mount the unified hierarchy.',
  metrics: {
    cpuWaiting: {
      metric: 'container_pressure_cpu_waiting_seconds_total',
      kind: 'counter',
      unit: 'seconds',
      grouped: ['max_ratio'],
      help: 'Time in which at least one thread waited for a CPU.',
      source: 'v2 cpu.pressure some total',
    },
    cpuStalled: {
      metric: 'container_pressure_cpu_stalled_seconds_total',
      kind: 'counter',
      unit: 'seconds',
      grouped: false,
      help: 'Time in which every thread that had work waited for a CPU.',
      source: 'v2 cpu.pressure full total',
    },
    memoryWaiting: {
      metric: 'container_pressure_memory_waiting_seconds_total',
      kind: 'counter',
      unit: 'seconds',
      grouped: ['max_ratio'],
      help: 'Time in which at least one thread waited for memory.',
      source: 'v2 memory.pressure some total',
    },
    memoryStalled: {
      metric: 'container_pressure_memory_stalled_seconds_total',
      kind: 'counter',
      unit: 'seconds',
      grouped: ['max_ratio'],
      help: 'Time in which every thread that had work waited for memory.',
      source: 'v2 memory.pressure full total',
    },
    ioWaiting: {
      metric: 'container_pressure_io_waiting_seconds_total',
      kind: 'counter',
      unit: 'seconds',
      grouped: ['max_ratio'],
      help: 'Time in which at least one thread waited for block devices.',
      source: 'v2 io.pressure some total',
    },
    ioStalled: {
      metric: 'container_pressure_io_stalled_seconds_total',
      kind: 'counter',
      unit: 'seconds',
      grouped: ['max_ratio'],
      help: 'Time in which every thread that had work waited for block devices.',
      source: 'v2 io.pressure full total',
    },
  },
});
