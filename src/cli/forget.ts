/** Parts that run once at the start and are not needed again: loaded, used, and given back to the garbage collector, code and all. */
import { createRequire } from 'node:module';

/**
 * Loads the CommonJS file of that name beside this one (the build makes it), hands what it exports to `use`, and forgets it. What is
 * handed back must be plain data, or it would keep the file's code.
 */
export function usedOnce<Part, Result>(name: string, use: (part: Part) => Result): Result {
  // A requirer of its own: the module it stands for lists what it has loaded.
  const require = createRequire(import.meta.url);
  const path = require.resolve(name);
  const before = new Set(Object.keys(globalThis));
  try {
    return use(require(path) as Part);
  } finally {
    delete require.cache[path];
    // zod keeps its registry there, and with it all of itself.
    for (const key of Object.keys(globalThis)) if (!before.has(key)) Reflect.deleteProperty(globalThis, key);
  }
}
