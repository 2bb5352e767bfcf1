/**
 * Archives in the format of SVR4 cpio without checksums ("newc"; Linux, Documentation/driver-api/early-userspace/buffer-format.rst): the first file
 * system of a Linux kernel and of the lab kernel. Owners, times and inode numbers are constants, so that equal files give equal bytes.
 */

/** Kinds of file, the high bits of st_mode (POSIX <sys/stat.h>). */
const FileType = { DIRECTORY: 0o040000, REGULAR: 0o100000, LINK: 0o120000, CHARACTER_DEVICE: 0o020000 } as const;

interface Named {
  /** Without a leading slash; the folders above must come first. */
  readonly path: string;
}
export type ArchiveEntry =
  | (Named & { readonly kind: 'directory' })
  | (Named & { readonly kind: 'file'; readonly bytes: Uint8Array; readonly executable?: boolean })
  | (Named & { readonly kind: 'link'; readonly target: string })
  | (Named & { readonly kind: 'device'; readonly major: number; readonly minor: number });

const MAGIC = '070701';
const FIELD_DIGITS = 8;
const HEADER_FIELDS = 13;
const HEADER_BYTES = MAGIC.length + HEADER_FIELDS * FIELD_DIGITS;
const ALIGNMENT = 4;
const TRAILER = 'TRAILER!!!';
const Permission = { DIRECTORY: 0o755, FILE: 0o644, EXECUTABLE: 0o755, LINK: 0o777, DEVICE: 0o666 } as const;

const NO_BYTES = new Uint8Array(0);
const padded = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

interface Record {
  readonly name: Uint8Array;
  readonly mode: number;
  readonly links: number;
  readonly bytes: Uint8Array;
  readonly device: readonly [major: number, minor: number];
}

function recordOf(entry: ArchiveEntry): Record {
  const encoder = new TextEncoder();
  const name = encoder.encode(entry.path);
  const plain = { name, links: 1, bytes: NO_BYTES, device: [0, 0] } as const;
  switch (entry.kind) {
    case 'directory': return { ...plain, mode: FileType.DIRECTORY | Permission.DIRECTORY, links: 2 };
    case 'file': return { ...plain, mode: FileType.REGULAR | (entry.executable === true ? Permission.EXECUTABLE : Permission.FILE), bytes: entry.bytes };
    case 'link': return { ...plain, mode: FileType.LINK | Permission.LINK, bytes: encoder.encode(entry.target) };
    case 'device': return { ...plain, mode: FileType.CHARACTER_DEVICE | Permission.DEVICE, device: [entry.major, entry.minor] };
  }
}

const sizeOf = ({ name, bytes }: Record): number => padded(HEADER_BYTES + name.length + 1) + padded(bytes.length);

function header({ name, mode, links, bytes, device }: Record, inode: number): string {
  // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize with its zero, check
  const fields = [inode, mode, 0, 0, links, 0, bytes.length, 0, 0, ...device, name.length + 1, 0];
  return MAGIC + fields.map((field) => field.toString(16).toUpperCase().padStart(FIELD_DIGITS, '0')).join('');
}

/** The archive's bytes. Throws when a path is empty, absolute or steps upwards, or comes twice: that is a bug of the caller's. */
export function writeArchive(entries: readonly ArchiveEntry[]): Uint8Array {
  const paths = new Set<string>();
  for (const { path } of entries) {
    if (path === '' || path.split('/').some((part) => part === '' || part === '.' || part === '..')) throw new Error(`not a path in an archive: "${path}"`);
    if (paths.has(path)) throw new Error(`twice in the archive: ${path}`);
    paths.add(path);
  }
  const trailer: Record = { name: new TextEncoder().encode(TRAILER), mode: 0, links: 1, bytes: NO_BYTES, device: [0, 0] };
  const records = [...entries.map(recordOf), trailer];
  const archive = new Uint8Array(records.reduce((sum, record) => sum + sizeOf(record), 0));
  let at = 0;
  records.forEach((record, index) => {
    archive.set(new TextEncoder().encode(header(record, record === trailer ? 0 : index + 1)), at);
    archive.set(record.name, at + HEADER_BYTES);
    archive.set(record.bytes, at + padded(HEADER_BYTES + record.name.length + 1));
    at += sizeOf(record);
  });
  return archive;
}
