import type { Piece, Program } from './program.js';

const removed = <Item>(items: readonly Item[], from: number, count: number): Item[] => [...items.slice(0, from), ...items.slice(from + count)];

/** The smallest list in which parts are left out in ever smaller runs and `fails` still holds (A. Zeller, "Yesterday, my program worked", 1999). */
export function shrinkList<Item>(items: readonly Item[], fails: (items: readonly Item[]) => boolean): readonly Item[] {
  let left = items;
  for (let size = Math.ceil(left.length / 2); size >= 1; ) {
    let from = 0;
    let shrunk = false;
    while (from < left.length) {
      const candidate = removed(left, from, size);
      if (candidate.length < left.length && fails(candidate)) {
        left = candidate;
        shrunk = true;
      } else from += size;
    }
    if (!shrunk || size > left.length) size = size === 1 ? 0 : Math.floor(size / 2);
  }
  return left;
}

/** Reduces programs that fail together: whole programs first, then pieces. */
export function shrinkPrograms(programs: readonly Program[], fails: (programs: readonly Program[]) => boolean): readonly Program[] {
  let left = shrinkList(programs, fails);
  for (const { seed } of left) {
    const withPieces = (pieces: readonly Piece[]): readonly Program[] => left.map((program) => (program.seed === seed ? { ...program, pieces } : program));
    const { pieces } = left.find((program) => program.seed === seed) ?? { pieces: [] };
    left = withPieces(shrinkList(pieces, (fewer) => fails(withPieces(fewer))));
  }
  // What the kernel does before a program without pieces may be what it takes.
  const withPieces = left.filter(({ pieces }) => pieces.length > 0);
  return withPieces.length === left.length || fails(withPieces) ? withPieces : left;
}
