/** The types of snappyjs, which has none: Snappy's block format in plain JavaScript, so that nothing native has to be packed or built. */
declare module 'snappyjs' {
  export function compress(data: Uint8Array): Uint8Array;
  export function uncompress(data: Uint8Array, maxLength?: number): Uint8Array;
}
