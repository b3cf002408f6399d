/** A series of others as the store's thread has it: what is made of its labels is made once, however often it comes. */
import { type Labels, labelValue, sortedLabels } from '../../../src/model/labels.ts';
import { Writer } from '../../../src/wire/writer.ts';

export class KnownSeries {
  /** Undefined: it has no name, and cannot be kept. */
  readonly metric: string | undefined;
  /** Labels of its row: all but the name. */
  readonly row: Labels;
  /** Its labels as a record has them. */
  readonly bytes: Uint8Array;
  /** The file that has its labels, and which of those in it they are. */
  file = -1;
  place = 0;

  constructor(all: Labels) {
    this.metric = labelValue(all, '__name__');
    this.row = withoutName(all);
    this.bytes = bytesOf(all);
  }
}

function withoutName({ names, values }: Labels): Labels {
  const at = names.indexOf('__name__');
  return sortedLabels(
    names.filter((_, i) => i !== at),
    values.filter((_, i) => i !== at),
  );
}

const out = new Writer();

function bytesOf({ names, values }: Labels): Uint8Array {
  out.clear();
  out.varint(names.length);
  for (let i = 0; i < names.length; i++) {
    out.text(names[i] as string);
    out.text(values[i] as string);
  }
  return out.copy();
}
