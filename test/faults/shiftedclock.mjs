/**
 * Loaded before a program that is to have another clock: `Date.now()` is off by what the file named by TEST_CLOCK_FILE holds, in milliseconds,
 * and follows it when it changes. Durations and timers stay as they are.
 */
import { readFileSync } from 'node:fs';
import { env } from 'node:process';

const file = env.TEST_CLOCK_FILE ?? '';
const LOOK_MS = 10;
const now = Date.now.bind(Date);

let offset = 0;
let looked = Number.NEGATIVE_INFINITY;

Date.now = () => {
  const at = performance.now();
  if (at - looked > LOOK_MS) {
    looked = at;
    try {
      offset = Number(readFileSync(file, 'utf8')) || 0;
    } catch (error) {
      // It is just being replaced.
      if (error.code !== 'ENOENT') throw error;
    }
  }
  return now() + offset;
};
