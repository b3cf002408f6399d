/** The shape of what is known of others' names, and how a table of them is looked into. */

/** Names of another program, and what to use in their place. */
export interface Other {
  /** Exact names, or a pattern for all that begin so. */
  readonly names: readonly string[] | RegExp;
  /** In PromQL and with names of the catalogue; undefined if there is nothing. */
  readonly use?: string;
  readonly why: string;
}

/** What a program is called, and what is known of its names. */
export interface Program {
  readonly from: string;
  readonly others: readonly Other[];
}

export interface Known extends Other {
  readonly from: string;
}

export function knownIn(programs: readonly Program[], name: string): Known | undefined {
  for (const { from, others } of programs) {
    const found = others.find(({ names }) => (names instanceof RegExp ? names.test(name) : names.includes(name)));
    if (found) return { ...found, from };
  }
  return undefined;
}

/** A row of a table, short. */
export function row(names: string | RegExp, use: string | undefined, why: string): Other {
  return { names: names instanceof RegExp ? names : names.split(' '), why, ...(use === undefined ? {} : { use }) };
}
