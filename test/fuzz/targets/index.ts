/** All that is fuzzed; a new target is a row here. */
import type { Target } from '../target.ts';
import { answers } from './answers.ts';
import { config } from './config.ts';
import { engine } from './engine.ts';
import { promtext } from './promtext.ts';
import { received } from './received.ts';
import { wire } from './wire.ts';

export const TARGETS: readonly Target[] = [wire, answers, promtext, engine, config, received];
