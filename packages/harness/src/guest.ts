import { loadMultiboot } from '@ringbench/engine';
import type { GuestPort, MultibootImage } from '@ringbench/engine';
import { blankDisk, labImage } from '@ringbench/lab-kernel';
import type { GuestFile } from '@ringbench/lab-kernel';
import { basename } from 'node:path';
import type { ImageFile } from './image-file.js';
import { readImageFile } from './image-file.js';
import { InputProblem } from './problem.js';
import type { ProgramParts, Workload } from './workload.js';

/** All that decides what a cell's guest is; JSON, for the measuring process. */
export type GuestRecipe =
  /** An image by itself, which is told its scale on its command line. */
  | { readonly kind: 'bare'; readonly image: ImageFile; readonly commandLine: string }
  /** A program on the lab kernel. */
  | (Omit<ProgramParts, 'kernels'> & { readonly kind: 'program'; readonly kernel: ImageFile; readonly hasDisk: boolean });

/** What is loaded into a machine. */
export interface Guest {
  readonly image: MultibootImage;
  readonly disks: readonly Uint8Array[];
}

/**
 * The guest of a workload at a scale, undefined for a workload that has none, for the machine of a core (`CoreDefinition.port`). A bare guest is the same for every
 * machine, and so is a program without a kernel for it: what is not ported there, the core refuses.
 */
export function recipeFor(workload: Workload, scale: number | undefined, port: GuestPort = 'pc'): GuestRecipe {
  if (workload.kind === 'bare') {
    const { imagePath, sha256 } = workload;
    return { kind: 'bare', image: { path: imagePath, sha256 }, commandLine: scale === undefined ? '' : `scale=${scale}` };
  }
  const { kernels, program, name, files, needsDisk } = workload;
  const words = [...workload.arguments, ...(scale === undefined ? [] : [String(scale)])];
  return { kind: 'program', kernel: kernels[port] ?? kernels.pc, program, name, arguments: words, files, hasDisk: needsDisk };
}

/**
 * Reads and verifies what a guest consists of and puts it together. A program has no input and no environment: nothing of the host is in it.
 * @param id for messages. Throws InputProblem.
 */
export function assembleGuest(id: string, recipe: GuestRecipe): Guest {
  if (recipe.kind === 'bare') return { image: { name: recipe.image.path, format: 'multiboot', bytes: readImageFile(recipe.image), commandLine: recipe.commandLine }, disks: [] };
  const path = `bin/${recipe.name}`;
  const program: GuestFile = { kind: 'file', path, bytes: readImageFile(recipe.program), executable: true };
  const others = recipe.files.map((file): GuestFile => ({ kind: 'file', path: basename(file.path), bytes: readImageFile(file) }));
  const image = labImage(readImageFile(recipe.kernel), {
    name: id, path: `/${path}`, arguments: recipe.arguments, environment: [], connection: { kind: 'streams', input: 'empty' }, verbose: false, files: [program, ...others],
  });
  if (!image.ok) throw new InputProblem(`workload ${id}: ${image.problem}`, image.remedy);
  return { image: image.image, disks: recipe.hasDisk ? [blankDisk()] : [] };
}

/** Throws InputProblem unless a guest fits its memory: no core could run it, so that no cell need be tried. */
export function requireLoadable({ image }: Pick<Guest, 'image'>, memoryBytes: number): void {
  const loaded = loadMultiboot(image, memoryBytes, () => undefined);
  if (!loaded.ok) throw new InputProblem(loaded.problem, 'rebuild the workload, or give the suite more "memoryMiB"');
}
