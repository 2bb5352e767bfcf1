import { InputProblem, oneLine } from '@ringbench/harness/problem';
import { parseAddress } from '../options.js';

const SHOWN = 60;
/** The end of guest physical memory. */
const FOUR_GIB = 2 ** 32;

/** A ROM as the command line names it. */
export interface RomPlace {
  readonly path: string;
  readonly address: number;
}

/** Reads the values of `--rom`, each `FILE@ADDRESS`; the last `@` counts, so that a path may have others. Throws InputProblem. */
export function romOption(texts: readonly string[]): readonly RomPlace[] {
  return texts.map((text) => {
    const at = text.lastIndexOf('@');
    const address = at < 0 ? undefined : parseAddress(text.slice(at + 1));
    if (at < 1 || address === undefined) throw new InputProblem(`--rom ${oneLine(text, SHOWN)} is not usable`, 'write --rom FILE@ADDRESS, for example bios.bin@0xf0000');
    if (address >= FOUR_GIB) throw new InputProblem(`--rom ${oneLine(text, SHOWN)} is beyond the physical addresses`, 'give an address below 0x100000000');
    return { path: text.slice(0, at), address };
  });
}

/** Throws InputProblem when a ROM's bytes do not fit below 4 GB. */
export function requireRomFits({ path, address }: RomPlace, bytes: number): void {
  if (address + bytes > FOUR_GIB) throw new InputProblem(`ROM ${path} of ${bytes} bytes at 0x${address.toString(16)} ends beyond 4 GB`, 'give a lower address');
}
