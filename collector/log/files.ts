/**
 * The few things that the log asks of a disk, as an interface: a test puts a disk in its place that stops at any of them. Every promise may
 * reject with the system's error.
 */
export interface LogFile {
  /** Writes behind what is there. */
  append(bytes: Uint8Array): Promise<void>;
  /** What is there from `at`, at most `length` bytes. */
  readAt(at: number, length: number): Promise<Uint8Array>;
  /** From now on a crash of the machine cannot lose what was written. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface FileFacts {
  readonly name: string;
  readonly bytes: number;
}

/** One folder, flat. */
export interface Folder {
  list(): Promise<FileFacts[]>;
  /** A new file, or an old one emptied. */
  create(name: string): Promise<LogFile>;
  /** For reading. */
  open(name: string): Promise<LogFile>;
  truncate(name: string, length: number): Promise<void>;
  /** Replaces what `to` was. */
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** From now on a crash of the machine cannot lose which files there are. */
  sync(): Promise<void>;
}

/** Puts a file in the place of another, so that there is always one of them whole. */
export async function replaceFile(folder: Folder, name: string, bytes: Uint8Array): Promise<void> {
  const beside = `${name}.new`;
  const file = await folder.create(beside);
  try {
    await file.append(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await folder.rename(beside, name);
  await folder.sync();
}

/** All of a file. */
export async function readFile(folder: Folder, { name, bytes }: FileFacts): Promise<Uint8Array> {
  const file = await folder.open(name);
  try {
    return await file.readAt(0, bytes);
  } finally {
    await file.close();
  }
}
