import { LOAD_ADDRESS } from '../conformance/image.js';
import { Dice, mixSeed } from './dice.js';
import { CODE_PIECES } from './pieces/code.js';
import { COMPUTE_PIECES } from './pieces/compute.js';
import { EVENT_PIECES } from './pieces/events.js';
import { HOSTILE_PIECES } from './pieces/hostile.js';
import { MODE_PIECES } from './pieces/modes.js';
import { PAGING_PIECES } from './pieces/paging.js';
import type { PieceKind } from './pieces/piece.js';
import { SEGMENT_PIECES } from './pieces/segments.js';
import { SENSITIVE_PIECES } from './pieces/sensitive.js';
import { IMAGE_END } from './places.js';
import { ProgramKernel } from './program-kernel.js';

const ORDINARY = [...COMPUTE_PIECES, ...SENSITIVE_PIECES, ...SEGMENT_PIECES, ...PAGING_PIECES, ...CODE_PIECES, ...EVENT_PIECES, ...MODE_PIECES];
const HOSTILE_SHARE = 3;

/** What programs are for: `mixed` does everything that a kernel might; `hostile` tries to get out, with some of that in between. */
export const PROFILES = {
  mixed: ORDINARY,
  hostile: [...HOSTILE_PIECES.map((kind) => ({ ...kind, weight: kind.weight * HOSTILE_SHARE })), ...ORDINARY],
} as const satisfies Readonly<Record<string, readonly PieceKind[]>>;
export type ProfileName = keyof typeof PROFILES;

const LEAST_PIECES = 3;
const MOST_PIECES = 12;
/** The host looks at the guest behind every third piece, and at the end of each program. */
const LOOK_EVERY = 3;

/** One piece: what it does and the seed of its details, so that leaving out another does not change it. */
export interface Piece {
  readonly kind: string;
  readonly seed: number;
}
/** A kernel-mode program. */
export interface Program {
  readonly seed: number;
  readonly pieces: readonly Piece[];
}

const KINDS = new Map([...ORDINARY, ...HOSTILE_PIECES].map((kind) => [kind.name, kind]));
export const PIECE_KINDS: readonly string[] = [...KINDS.keys()];

function chooseKind(kinds: readonly PieceKind[], dice: Dice): string {
  let left = dice.below(kinds.reduce((sum, { weight }) => sum + weight, 0));
  for (const { name, weight } of kinds) {
    if (left < weight) return name;
    left -= weight;
  }
  throw new Error('no kind of piece has a weight');
}

/** The program that follows from a seed. */
export function generateProgram(seed: number, profile: ProfileName): Program {
  const dice = new Dice(seed);
  const count = dice.between(LEAST_PIECES, MOST_PIECES);
  return { seed, pieces: Array.from({ length: count }, (_, index) => ({ kind: chooseKind(PROFILES[profile], dice), seed: mixSeed(seed, index) })) };
}

/** Where the programs of an image are. */
export interface ProgramImage {
  readonly bytes: Uint8Array;
  /** Physical address of the word that holds the number of the program that runs. */
  readonly programNumber: number;
  /** Linear addresses of the pieces' code, for listings. */
  readonly places: readonly { readonly program: number; readonly piece: Piece; readonly from: number; readonly to: number }[];
}

/** A Multiboot image that runs programs one after the other. */
export function buildImage(programs: readonly Program[]): ProgramImage {
  const guest = new ProgramKernel();
  const places: ProgramImage['places'][number][] = [];
  programs.forEach(({ pieces }, program) => {
    guest.beginProgram();
    pieces.forEach((piece, index) => {
      const kind = KINDS.get(piece.kind);
      if (kind === undefined) throw new Error(`no kind of piece is called ${piece.kind}`);
      const from = guest.here;
      kind.emit(guest, new Dice(piece.seed));
      places.push({ program, piece, from, to: guest.here });
      if ((index + 1) % LOOK_EVERY === 0 || index === pieces.length - 1) guest.look();
    });
  });
  const bytes = guest.endPrograms().build();
  if (LOAD_ADDRESS + bytes.length > IMAGE_END) throw new Error(`${programs.length} programs are too many for one image`);
  return { bytes, programNumber: guest.addressOf('program number'), places };
}
