/** Where the store's thread begins: its own bundle, as text in the program's. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { StoreThreadOptions } from './messages.ts';
import { runStore } from './program.ts';

runStore(parentPort as MessagePort, workerData as StoreThreadOptions);
