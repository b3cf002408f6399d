/** Where the engine keeps a container's files, as an inspection tells: for measuring what they take up. Paths are those of the engine's host. */
import { field, listField, textField } from '../../../src/http/field.ts';

export interface Places {
  /** The writable layer of overlay2; empty where the engine does not say. */
  readonly upperDir: string;
  /** The log of the drivers that write one; empty for others. */
  readonly logPath: string;
  readonly volumes: readonly Volume[];
}

export interface Volume {
  readonly name: string;
  readonly path: string;
}

/** Of a container that is not known yet. */
export const NO_PLACES: Places = { upperDir: '', logPath: '', volumes: [] };

/** `answer` is an inspection's. Bind mounts are not volumes: they belong to somebody else. */
export function parsePlaces(answer: unknown): Places {
  return {
    upperDir: textField(field(field(answer, 'GraphDriver'), 'Data'), 'UpperDir') ?? '',
    logPath: textField(answer, 'LogPath') ?? '',
    volumes: listField(answer, 'Mounts').flatMap((mount) => {
      const name = textField(mount, 'Name') ?? '';
      const path = textField(mount, 'Source') ?? '';
      return textField(mount, 'Type') === 'volume' && name !== '' && path !== '' ? [{ name, path }] : [];
    }),
  };
}
