import { CPU_MODEL_NAMES, DEFAULT_CPU_MODEL } from '@ringbench/isa';
import type { Engine, EngineOptions, GuestImage, RomImage } from '@ringbench/engine';
import { InputProblem, oneLine } from '@ringbench/harness/problem';
import type { Arguments, Context } from '../context.js';
import { coreOption } from '../core-option.js';
import { addressOption, choiceOption, integerOption, repeatedOption, textOption } from '../options.js';
import { readGuestFile } from './guest-file.js';
import { requireRomFits, romOption, type RomPlace } from './roms.js';

/** What `boot` and `trace` are told about the guest and its machine. */

const MEBIBYTE = 1 << 20;
const LEAST_MEMORY_MIB = 2;
const MOST_MEMORY_MIB = 1024;
const DEFAULT_MEMORY = '64M';
const MOST_DISKS = 2;
const MOST_ROMS = 16;
const LAST_PORT = 0xffff;
const SHOWN = 60;
/** Far beyond any run: decades of host time. */
export const MOST_INSTRUCTIONS = 1e15;

/** Callbacks of a run, on top of the machine that the command line describes. */
export type Listeners = Pick<EngineOptions, 'onConsole' | 'onPostCode'>;

/** A guest and a machine that can be made any number of times: every one runs the same. */
export interface GuestRecipe {
  readonly core: string;
  readonly image: GuestImage;
  /** Whether the options name a POST port, or a ROM that will write to it. */
  readonly showsPostCodes: boolean;
  /** Makes the machine with the guest in it. Throws InputProblem when the image cannot be loaded. */
  make(listeners: Listeners): Engine;
}

/** `--memory`, in bytes. */
export function memoryOption(given: unknown): number {
  const text = textOption(given, '--memory') ?? DEFAULT_MEMORY;
  const [, amount] = (/^(\d{1,5})M$/i.exec(text) ?? []).map(Number);
  if (amount !== undefined && amount >= LEAST_MEMORY_MIB && amount <= MOST_MEMORY_MIB) return amount * MEBIBYTE;
  throw new InputProblem(`--memory ${oneLine(text, SHOWN)} is not usable`, `give mebibytes from ${LEAST_MEMORY_MIB}M to ${MOST_MEMORY_MIB}M`);
}

interface Sources {
  readonly kernel: string | undefined;
  readonly multiboot: string | undefined;
  readonly roms: readonly RomPlace[];
  readonly disks: readonly string[];
  readonly initrd: string | undefined;
  readonly append: string | undefined;
}

function sourcesOf(given: Arguments): Sources {
  const sources: Sources = {
    kernel: textOption(given['kernel'], '--kernel'), multiboot: textOption(given['multiboot'], '--multiboot'),
    roms: romOption(repeatedOption(given['rom'], '--rom', MOST_ROMS)), disks: repeatedOption(given['disk'], '--disk', MOST_DISKS),
    initrd: textOption(given['initrd'], '--initrd'), append: textOption(given['append'], '--append'),
  };
  const { kernel, multiboot, roms, disks, initrd, append } = sources;
  const named = [kernel === undefined ? [] : ['--kernel'], multiboot === undefined ? [] : ['--multiboot'], roms.length === 0 ? [] : ['--rom']].flat();
  if (named.length > 1) throw new InputProblem(`${named.join(' and ')} each name what to boot`, 'give one of them');
  if (named.length === 0 && disks.length === 0) throw new InputProblem('no guest is given', 'give --kernel BZIMAGE, --multiboot ELF, --disk IMAGE or --rom FILE@ADDRESS');
  if (initrd !== undefined && kernel === undefined) throw new InputProblem('--initrd goes with --kernel only', 'leave it out');
  if (append !== undefined && kernel === undefined && multiboot === undefined) throw new InputProblem('--append goes with --kernel and --multiboot only', 'leave it out');
  return sources;
}

function romImage(roms: readonly RomPlace[]): RomImage {
  const loaded = roms.map((place) => {
    const bytes = readGuestFile('ROM', place.path);
    requireRomFits(place, bytes.length);
    return { name: place.path, bytes, address: place.address };
  });
  return { name: roms.map(({ path }) => path).join(', '), format: 'rom', roms: loaded };
}

/** The image, and the machine's disks as the engine wants them. */
function imageOf({ kernel, multiboot, roms, disks, initrd, append }: Sources): { readonly image: GuestImage; readonly disks: readonly Uint8Array[] } {
  const images = disks.map((path) => readGuestFile('disk', path));
  const options = append === undefined ? {} : { commandLine: append };
  if (kernel !== undefined) {
    const ramDisk = initrd === undefined ? {} : { initrd: readGuestFile('initial RAM disk', initrd) };
    return { image: { name: kernel, format: 'linux', bytes: readGuestFile('kernel', kernel), ...ramDisk, ...options }, disks: images };
  }
  if (multiboot !== undefined) return { image: { name: multiboot, format: 'multiboot', bytes: readGuestFile('Multiboot image', multiboot), ...options }, disks: images };
  if (roms.length > 0) return { image: romImage(roms), disks: images };
  const [master, ...slaves] = images;
  return { image: { name: disks[0], format: 'disk', bytes: master }, disks: slaves };
}

/** Reads the options that describe a guest and its machine, and their files. Throws InputProblem. */
export async function guestRecipe({ project }: Context, given: Arguments): Promise<GuestRecipe> {
  const { definition, configuration: { name: core, settings } } = await coreOption(project.registry, given);
  const cpu = choiceOption(given['cpu'], 'processor', '--cpu', CPU_MODEL_NAMES) ?? DEFAULT_CPU_MODEL;
  const memoryBytes = memoryOption(given['memory']);
  const postPort = addressOption(given['post-port'], '--post-port', 0, LAST_PORT);
  const { image, disks } = imageOf(sourcesOf(given));
  const machine = { memoryBytes, cpu, disks, settings, ...(postPort === undefined ? {} : { postPort }) };
  return {
    core, image, showsPostCodes: postPort !== undefined || image.format === 'rom',
    make(listeners) {
      const engine = definition.create({ ...machine, ...listeners });
      const loaded = engine.load(image);
      if (!loaded.ok) throw new InputProblem(loaded.problem, 'see `ringbench boot --help`');
      return engine;
    },
  };
}

/** `--max-instructions`; without it there is no limit to speak of. */
export function limitOption(given: Arguments): number {
  return integerOption(given['max-instructions'], '--max-instructions', 1, MOST_INSTRUCTIONS) ?? MOST_INSTRUCTIONS;
}
