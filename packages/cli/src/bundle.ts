import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * What a bundle was made of: of each package, the file that the compiler writes whenever it builds the package. Names are relative to the bundle's folder, with times
 * of modification in milliseconds.
 */
export type BundleInputs = Readonly<Record<string, number>>;
/** Beside the bundle's files. */
export const INPUTS_FILE = 'inputs.json';
/** Set to anything, it has the modules loaded one by one, so that profiles and stack traces name them. */
export const UNBUNDLED = 'RINGBENCH_UNBUNDLED';

/** True if a folder holds a bundle, and none of the packages that it was made of has been built anew or has gone since. */
export function isBundleCurrent(folder: URL): boolean {
  try {
    const inputs = JSON.parse(readFileSync(new URL(INPUTS_FILE, folder), 'utf8')) as BundleInputs;
    const path = fileURLToPath(folder);
    return Object.entries(inputs).every(([name, modified]) => statSync(path + name, { throwIfNoEntry: false })?.mtimeMs === modified);
  } catch {
    // There is none, or one that was not written to its end.
    return false;
  }
}

let folder: URL | undefined;
function moduleFolder(): URL {
  if (folder !== undefined) return folder;
  const modules = new URL('./', import.meta.url);
  const bundle = new URL('bundle/', modules);
  folder = process.env[UNBUNDLED] === undefined && isBundleCurrent(bundle) ? bundle : modules;
  return folder;
}

/**
 * Loads an entry from the bundle that `scripts/bundle.mjs` makes of our modules, or else the module itself. Finding and linking three hundred modules takes longer
 * than all else that happens before a guest's first instruction.
 */
export const loadCommand = async (): Promise<typeof import('./command.js')> => (await import(new URL('command.js', moduleFolder()).href)) as typeof import('./command.js');
/** The same for the measuring process. */
export const loadCell = async (): Promise<typeof import('./cell.js')> => (await import(new URL('cell.js', moduleFolder()).href)) as typeof import('./cell.js');
