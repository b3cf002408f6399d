/** `plimsoll queue export --agent`: batches of the spool as lines, as the agent read them: single containers and hosts, with the node's name. */
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { bodyIn, type Found } from '../../../agents/send/records.ts';
import type { Selection } from '../../../collector/sinks/levels.ts';
import { familyNamed } from '../../catalog/index.ts';
import type { LevelTable } from '../../model/batch.ts';
import { type Labels, labels, mergeLabels } from '../../model/labels.ts';
import { createDecoder } from '../../wire/decode.ts';
import { WIRE_LIMITS } from '../../wire/limits.ts';
import { isIn, type Range } from './export.ts';
import type { Printer } from './printing.ts';
import { unlessGone } from './read/log.ts';
import type { SpoolFacts } from './read/spool.ts';

const gunzipAsync = promisify(gunzip);

export interface ExportBatches extends Range {
  readonly spool: SpoolFacts;
  readonly selection: Selection;
  readonly printer: Printer;
  readonly complain: (words: string) => void;
}

/** Batches whose tick began in the range. Answers whether all of them could be read; what could not is said. */
export async function exportBatches(options: ExportBatches): Promise<boolean> {
  const { spool, selection, printer, complain } = options;
  for (const words of spool.damaged) complain(words);
  let whole = spool.damaged.length === 0;
  for (const { path, batches } of spool.files) {
    const wanted = batches.filter(({ about }) => isIn(options, about.timeMs));
    const bytes = wanted.length === 0 ? undefined : await unlessGone(readFile(path));
    if (bytes === undefined) continue;
    for (const found of wanted) {
      try {
        const tables = await tablesOf(bytes, found);
        await printer.print(selection.tables({ tables, startMs: 0, endMs: 0, samples: 0 }), tables);
      } catch (error) {
        complain(`${path}: the batch at byte ${found.offset} cannot be read: ${(error as Error).message}`);
        whole = false;
      }
    }
  }
  printer.end('batches');
  return whole;
}

/** A body in the spool is full: it needs none before it. */
async function tablesOf(bytes: Buffer, { about, offset, length }: Found): Promise<LevelTable[]> {
  const body = bodyIn(bytes.subarray(offset, offset + length));
  if (body === undefined) throw new Error('wrong checksum');
  const unpacked = await gunzipAsync(body, { maxOutputLength: WIRE_LIMITS.bodyBytes });
  const { batch } = createDecoder({ familyNamed }).decode(unpacked);
  const node = labels([['node', about.node]]);
  return batch.tables.map((table) => ({
    ...table,
    level: 'container',
    rows: table.rows.map((row) => ofNode(row, node)),
  }));
}

function ofNode(row: { readonly labels: Labels }, node: Labels): { readonly labels: Labels } {
  return { labels: mergeLabels(node, row.labels) };
}
