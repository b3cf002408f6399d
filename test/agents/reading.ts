/** For the tests of sources that read procfs: containers as the inventory makes them, and single numbers out of tables. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Container } from '../../agents/container.ts';
import type { Source, Tick } from '../../agents/source.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import { labels, labelValue } from '../../src/model/labels.ts';
import type { Entity } from '../../src/model/table.ts';

export function container(name: string, fields: Partial<Container> & { startMs?: number } = {}): Container {
  const { startMs = 1000, ...rest } = fields;
  const id = rest.id ?? name;
  return {
    id,
    name,
    entity: {
      key: id,
      kind: 'container',
      startMs,
      labels: labels([
        ['id', id],
        ['name', name],
      ]),
    },
    state: 'running',
    pid: 0,
    cgroup: undefined,
    ownNetwork: true,
    cpuShares: 0,
    details: undefined,
    ...rest,
  };
}

export const HOST: Entity = { key: '/', kind: 'host', startMs: 1, labels: labels([['id', '/']]) };

export const tick = (): Tick => ({ timeMs: 0, signal: new AbortController().signal });

export const readOf = (source: Source): Promise<FamilyTable[]> => source.read(tick());

/** The rows of a family as objects: `{ name or id, the dimensions, every number that is there by its short key }`. */
export function rowsOf(tables: readonly FamilyTable[], family: string): Record<string, string | number>[] {
  const table = tables.find(({ shape }) => shape.name === family);
  if (!table) return [];
  return table.rows.map((row, r) => {
    const found: Record<string, string | number> = { of: labelValue(row.labels, 'name') ?? row.entity.key };
    for (const [i, name] of row.dims.names.entries()) found[name] = row.dims.values[i] as string;
    for (const [key, c] of Object.entries(table.shape.at)) {
      const value = table.values[c * table.rows.length + r] as number;
      if (!Number.isNaN(value)) found[key] = value;
    }
    return found;
  });
}

/** A temporary folder that is removed when the test ends. */
export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-proc-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A folder like procfs, of file contents by path; what begins with `->` becomes a link. */
export function fakeProc(files: Readonly<Record<string, string>>): string {
  const dir = folder();
  for (const [path, content] of Object.entries(files)) put(join(dir, path), content);
  return dir;
}

export function put(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  if (content.startsWith('->')) symlinkSync(content.slice(2), path);
  else writeFileSync(path, content);
}
