import type { ArchiveEntry } from '@ringbench/archive';

/** Files of the guest's first file system, in the order of an archive: folders before what is in them. */

export type GuestFile = Exclude<ArchiveEntry, { readonly kind: 'device' }>;

const FOLDER = /^(.*)\//;

function* foldersAbove(path: string): Generator<string> {
  for (let above = FOLDER.exec(path)?.[1]; above !== undefined; above = FOLDER.exec(above)?.[1]) yield above;
}

const byPath = (a: GuestFile, b: GuestFile): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/**
 * Adds the folders that are missing and sorts. Of files with one path the last counts, so that a caller can override.
 * @returns a path that is a file and, for another entry, a folder, in which case there is no such file system.
 */
export function completeFiles(files: readonly GuestFile[]): { readonly ok: true; readonly files: readonly GuestFile[] } | { readonly ok: false; readonly path: string } {
  const entries = new Map<string, GuestFile>(files.map((file) => [file.path, file]));
  for (const { path } of files) {
    for (const above of foldersAbove(path)) {
      const found = entries.get(above);
      if (found !== undefined && found.kind !== 'directory') return { ok: false, path: above };
      if (found === undefined) entries.set(above, { kind: 'directory', path: above });
    }
  }
  // A folder's path is the beginning of the paths in it, so that it sorts before them.
  return { ok: true, files: [...entries.values()].toSorted(byPath) };
}
