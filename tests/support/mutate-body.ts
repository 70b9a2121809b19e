export interface MutationOptions {
  /** Bodies to begin with; up to `mostSeeds` are put together. */
  seeds: readonly (string | Buffer)[];
  mostSeeds: number;
  /** What stands between them, one of these for a whole body. */
  separators: readonly string[];
  /** What is put in; as text and as single bytes. */
  pieces: readonly string[];
}

/** mutateBody makes the body of a number: the same number gives the same body, so that a failure can be found again. */
export function mutateBody(number: number, { seeds, mostSeeds, separators, pieces }: MutationOptions): Buffer {
  const random = randomOf(number);
  const below = (limit: number) => Math.floor(random() * limit);
  const separator = Buffer.from(separators[below(separators.length)] ?? "");
  let bytes = Buffer.concat(
    Array.from({ length: 1 + below(mostSeeds) }, (_, i) => [
      ...(i === 0 ? [] : [separator]),
      Buffer.from(seeds[below(seeds.length)] as string),
    ]).flat(),
  );
  for (let mutations = below(6); mutations > 0; mutations--) {
    const at = below(bytes.length + 1);
    const insert = (piece: Buffer, skip: number) =>
      Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + skip)]);
    switch (below(6)) {
      case 0:
        bytes = insert(Buffer.from(pieces[below(pieces.length)] ?? "", below(2) === 0 ? "utf8" : "latin1"), 0);
        break;
      case 1:
        bytes = insert(Buffer.of(below(256)), 1);
        break;
      case 2:
        bytes = insert(Buffer.alloc(0), 1 + below(10));
        break;
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      case 4:
        bytes = insert(Buffer.of((bytes[at] ?? 0) ^ (1 << below(8))), 1);
        break;
      default:
        bytes = insert(bytes.subarray(below(at + 1), at), 0);
    }
  }
  return bytes;
}

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
