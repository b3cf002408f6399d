/**
 * The statements of InfluxQL with which agents begin: databases and retention policies are made and listed. Nothing has to be made here, so that
 * making says that all is well; everything else is refused in InfluxDB's form. Pure.
 */

export interface StatementsOptions {
  /** What there is: names of databases that have been written to or made. */
  readonly databases: () => Promise<readonly string[]>;
  readonly create: (database: string) => void;
}

const NAME = String.raw`(?:"((?:[^"\\]|\\.)*)"|([A-Za-z_][\w-]*))`;
const CREATE = new RegExp(`^CREATE\\s+DATABASE\\s+${NAME}(\\s+WITH\\s.*)?$`, 'is');
const SHOW = /^SHOW\s+DATABASES$/i;
const POLICIES = new RegExp(`^SHOW\\s+RETENTION\\s+POLICIES(\\s+ON\\s+${NAME})?$`, 'is');
const POLICY = /^(CREATE|ALTER)\s+RETENTION\s+POLICY\s/i;

/** Statements in one question. */
const MAX_STATEMENTS = 100;
const MAX_LENGTH = 64 * 1024;

type Result = Readonly<Record<string, unknown>>;

/** The body of the answer. */
export async function answerStatements(q: string, options: StatementsOptions): Promise<{ results: Result[] }> {
  if (q.length > MAX_LENGTH) return { results: [{ statement_id: 0, error: 'the question is too long' }] };
  const statements = q
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const results: Result[] = [];
  for (const [id, statement] of statements.slice(0, MAX_STATEMENTS).entries())
    results.push({ statement_id: id, ...(await resultOf(statement, options)) });
  return { results };
}

async function resultOf(statement: string, { databases, create }: StatementsOptions): Promise<Result> {
  const created = CREATE.exec(statement);
  if (created !== null) {
    create(created[1]?.replace(/\\(.)/g, '$1') ?? created[2] ?? '');
    return {};
  }
  if (SHOW.test(statement)) {
    const values = (await databases()).map((name) => [name]);
    return { series: [{ name: 'databases', columns: ['name'], ...(values.length === 0 ? {} : { values }) }] };
  }
  if (POLICIES.test(statement)) {
    const columns = ['name', 'duration', 'shardGroupDuration', 'replicaN', 'default'];
    return { series: [{ columns, values: [['autogen', '0s', '168h0m0s', 1, true]] }] };
  }
  if (POLICY.test(statement)) return { messages: [{ level: 'warning', text: KEPT }] };
  return { error: `not answered here: ${statement.slice(0, 100)}; ask in PromQL at /api/v1/query` };
}

const KEPT = 'how long samples are kept is set by store.* in the configuration, for all of them';
