/** What cannot be done now, although it was asked for rightly: said in a line, and the exit code is 1. */
export class QueueError extends Error {
  override readonly name = 'QueueError';
}

/** A system's error on a folder, in words with the remedy. */
export function folderFailure(folder: string, error: unknown): QueueError {
  const { code, message } = error as NodeJS.ErrnoException;
  const denied = code === 'EACCES' || code === 'EPERM';
  const why = denied ? 'we may not look there: run this as the user that Plimsoll runs as, or as root' : message;
  return new QueueError(`data_dir: ${folder} cannot be used: ${why}`, { cause: error });
}
