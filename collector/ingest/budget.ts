/**
 * The memory of all agents' dictionaries together: each session has an account, which asks here before a definition is kept. Fair as
 * src/model/share.ts says, and one account never has more than a quarter. What counts is what src/wire/memory.ts reckons. What is given back
 * counts on for as long as the aggregation may hold it, or whoever describes, resets and describes anew would have it many times.
 */
import { WireError } from '../../src/errors.ts';
import { mayHave, mostOfOne } from '../../src/model/share.ts';
import type { Allowance } from '../../src/wire/memory.ts';
import { createLingering } from './lingering.ts';

/** The account of one session. */
export interface Account extends Allowance {
  readonly bytes: number;
  /** Gives all back. */
  close(): void;
}

export interface Budget {
  /** For a session of that node. */
  open(node: string): Account;
  /** It is that time now: what has lingered long enough is free. */
  pass(nowMs: number): void;
  readonly limit: number;
  /** In use, over all accounts, and lingering. */
  readonly bytes: number;
}

export function createBudget({ limit, lingerMs }: { readonly limit: number; readonly lingerMs: number }): Budget {
  const lingering = createLingering(lingerMs);
  let live = 0;
  let holders = 0;

  function open(node: string): Account {
    let own = 0;
    const change = (bytes: number): void => {
      if (own === 0 && bytes !== 0) holders++;
      own += bytes;
      live += bytes;
      if (own === 0 && bytes !== 0) holders--;
    };
    return {
      take(wish) {
        const among = holders + (own > 0 ? 0 : 1);
        const held = live + lingering.bytes;
        const fits = mayHave({ cap: limit, held, own, holders: among, wish });
        if (!fits || own + wish > mostOfOne(limit)) throw tooMuch(node, { own: own + wish, held, among });
        change(wish);
      },
      give: (bytes) => change(-bytes),
      linger: lingering.add,
      close: () => {
        lingering.add(own);
        change(-own);
      },
      get bytes() {
        return own;
      },
    };
  }

  function tooMuch(node: string, { own, held, among }: Readonly<Record<'own' | 'held' | 'among', number>>): WireError {
    return new WireError(
      'dictionary_limit',
      `what ${node} describes takes ${own} bytes or more; ${held} of ${limit} are in use by ${among} agents: ` +
        'raise collector.max_dictionaries, or let the agent read or label less',
    );
  }

  return {
    open,
    pass: lingering.pass,
    limit,
    get bytes() {
      return live + lingering.bytes;
    },
  };
}
