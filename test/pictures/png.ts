/**
 * A PNG made small enough to be kept beside the code: cut at a height, and with a palette of its 256 most frequent colours. Takes the kind that
 * Chromium writes: 8 bits a channel, not interlaced.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Three bytes each. */
  readonly rgb: Uint8Array;
}

export function smallPng(png: Buffer, maxHeight: number): Buffer {
  const { width, height, rgb } = decode(png);
  const rows = Math.min(height, maxHeight);
  const cut = rgb.subarray(0, rows * width * 3);
  const { palette, indexes } = paletteOf(cut);
  return encode({ width, height: rows, palette, indexes });
}

function decode(png: Buffer): Pixels {
  const parts: Buffer[] = [];
  let at = 8;
  while (at < png.length) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const [width, height, depth, type] = [png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]];
  if (depth !== 8 || (type !== 2 && type !== 6))
    throw new Error(`a PNG of depth ${depth} and type ${type} is not read here`);
  return {
    width,
    height,
    rgb: unfiltered(inflateSync(Buffer.concat(parts)), { width, height, bytes: type === 6 ? 4 : 3 }),
  };
}

function unfiltered(
  raw: Buffer,
  { width, height, bytes }: { width: number; height: number; bytes: number },
): Uint8Array {
  const stride = width * bytes;
  let above = new Uint8Array(stride);
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const begin = y * (stride + 1);
    const filter = raw[begin] as number;
    const line = Uint8Array.from(raw.subarray(begin + 1, begin + 1 + stride));
    for (let i = 0; i < stride; i++) {
      const [left, up, corner] = [line[i - bytes] ?? 0, above[i] as number, above[i - bytes] ?? 0];
      const add = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] as number;
      line[i] = (line[i] as number) + add;
    }
    for (let x = 0; x < width; x++) rgb.set(line.subarray(x * bytes, x * bytes + 3), (y * width + x) * 3);
    above = line;
  }
  return rgb;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function paletteOf(rgb: Uint8Array): { palette: number[]; indexes: Uint8Array } {
  const counts = new Map<number, number>();
  const colors = new Uint32Array(rgb.length / 3);
  for (let i = 0; i < colors.length; i++) {
    const color = ((rgb[i * 3] as number) << 16) | ((rgb[i * 3 + 1] as number) << 8) | (rgb[i * 3 + 2] as number);
    colors[i] = color;
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const palette = chosen([...counts].sort(([, a], [, b]) => b - a).map(([color]) => color));
  const index = new Map(palette.map((color, i) => [color, i]));
  for (const color of counts.keys()) if (!index.has(color)) index.set(color, nearest(color, palette));
  return { palette, indexes: Uint8Array.from(colors, (color) => index.get(color) as number) };
}

/** Nearer than this, squared, two colours look the same. */
const ALIKE = 100;

/** The most frequent first, but none that looks like one that is chosen: a few orange digits are worth more than a hundredth grey. */
function chosen(byFrequency: readonly number[]): number[] {
  const palette: number[] = [];
  for (const color of byFrequency) {
    if (palette.length === 256) break;
    if (palette.every((each) => distance(color, each) > ALIKE)) palette.push(color);
  }
  return palette;
}

function distance(one: number, other: number): number {
  const parts = [16, 8, 0].map((shift) => ((one >> shift) & 255) - ((other >> shift) & 255));
  return parts.reduce((sum, part) => sum + part * part, 0);
}

function nearest(color: number, palette: readonly number[]): number {
  let best = 0;
  let least = Infinity;
  for (const [i, each] of palette.entries()) {
    const apart = distance(color, each);
    if (apart < least) {
      least = apart;
      best = i;
    }
  }
  return best;
}

interface Indexed {
  readonly width: number;
  readonly height: number;
  readonly palette: readonly number[];
  readonly indexes: Uint8Array;
}

function encode({ width, height, palette, indexes }: Indexed): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits, a palette.
  header.set([8, 3, 0, 0, 0], 8);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) rows.set(indexes.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const colors = Buffer.from(palette.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]));
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const data = deflateSync(rows, { level: 9, memLevel: 9 });
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', colors),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
