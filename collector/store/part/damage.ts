/** What can be wrong with a part: damage, which is told with its place and leaves the rest to be read, or a version that this program does not know. */

export class PartDamage extends Error {
  override readonly name: string = 'PartDamage';
  readonly file: string;
  /** `level measurement`, where it is known; else what of the file. */
  readonly table: string;
  /** Bytes from the file's start. */
  readonly at: number;

  constructor(
    { file, table, at, problem }: { file: string; table: string; at: number; problem: string },
    options?: ErrorOptions,
  ) {
    super(`${file}: ${table}, at byte ${at}: ${problem}`, options);
    this.file = file;
    this.table = table;
    this.at = at;
  }
}

/** The file is of a newer program. Nothing is wrong with it: it must stay. */
export class PartVersion extends PartDamage {
  override readonly name = 'PartVersion';
  readonly version: number;

  constructor(file: string, version: number, known: number) {
    super({
      file,
      table: 'its first bytes',
      at: 7,
      problem: `has the format's version ${version}, and this program reads up to ${known}; a newer plimsoll reads it`,
    });
    this.version = version;
  }
}
