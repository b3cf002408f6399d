/**
 * The memory of all agents' dictionaries together: each session has an account, which asks here before a definition is kept. Fair as
 * src/model/share.ts says, and one account never has more than a quarter. What counts is what src/wire/memory.ts reckons.
 */
import { WireError } from '../../src/errors.ts';
import { mayHave, mostOfOne } from '../../src/model/share.ts';
import type { Allowance } from '../../src/wire/memory.ts';

/** The account of one session. */
export interface Account extends Allowance {
  readonly bytes: number;
  /** The account that it was opened instead of is closed. */
  settle(): void;
  /** Gives all back. */
  close(): void;
}

export interface Budget {
  /** For a session of that node; what the node's session before it holds, `instead`, will be given back if this one is taken. */
  open(node: string, instead?: Account): Account;
  readonly limit: number;
  /** In use, over all accounts. */
  readonly bytes: number;
}

export function createBudget(limit: number): Budget {
  let held = 0;
  let holders = 0;

  function open(node: string, instead?: Account): Account {
    let own = 0;
    let replaced = instead;
    const change = (bytes: number): void => {
      if (own === 0 && bytes !== 0) holders++;
      own += bytes;
      held += bytes;
      if (own === 0 && bytes !== 0) holders--;
    };
    return {
      take(wish) {
        // The one before is there for as long as this one is only tried, and is no holder beside it.
        const before = replaced?.bytes ?? 0;
        const among = holders + (own > 0 ? 0 : 1) - (before > 0 ? 1 : 0);
        const fits = mayHave({ cap: limit, held: held - before, own, holders: among, wish });
        if (!fits || own + wish > mostOfOne(limit)) throw tooMuch(node, { own: own + wish, among });
        change(wish);
      },
      give: (bytes) => change(-bytes),
      settle: () => {
        replaced = undefined;
      },
      close: () => change(-own),
      get bytes() {
        return own;
      },
    };
  }

  function tooMuch(node: string, { own, among }: { readonly own: number; readonly among: number }): WireError {
    return new WireError(
      'dictionary_limit',
      `what ${node} describes takes ${own} bytes or more; ${held} of ${limit} are in use by ${among} agents: ` +
        'raise collector.max_dictionaries, or let the agent read or label less',
    );
  }

  return {
    open,
    limit,
    get bytes() {
      return held;
    },
  };
}
