import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { InputProblem, fileProblem } from './problem.js';
import { readDefinition } from './json-file.js';
import { digestOf, SHA256 } from './image-file.js';
import type { ImageFile } from './image-file.js';
import { labKernels } from './lab-kernel.js';
import type { LabKernels } from './lab-kernel.js';
import { idSchema, scaleSchema } from './suite.js';

const MANIFEST = 'workload.json';
const PROGRAM_MANIFEST = 'program.json';
/** Folders of programs for the lab kernel: ours, and those of others. */
const PROGRAM_FOLDERS: readonly string[] = ['user', 'real'];
const LARGEST_STATUS = 255;
const VERDICT = /^END sum=([0-9a-f]{8})$/m;

const sha256 = z.string().regex(SHA256, 'must be 64 small hexadecimal digits');

const common = {
  id: idSchema,
  title: z.string().min(1),
  /** What the workload shows, in one sentence. */
  why: z.string(),
  sha256,
};
const scale = z.looseObject({ default: scaleSchema, unit: z.string() });

/** The part of a bare guest's manifest that measuring needs; other fields are for other readers. */
export const workloadSchema = z.looseObject({
  ...common,
  /** Path of the built image, relative to the workload's folder. */
  image: z.string().min(1),
  /** What the guest prints at its default scale. */
  checksum: z.string().regex(/^[0-9a-f]{8}$/, 'must be 8 small hexadecimal digits'),
  scale: scale.optional(),
  /** Status that the guest ends with when all is well. */
  status: z.int().min(0).max(LARGEST_STATUS).default(0),
});

/** The same of a program's manifest. */
export const programSchema = z.looseObject({
  ...common,
  /** Path of the program, relative to its folder; for a program that is fetched, relative to the project, and `fetch` is the command that does it. */
  image: z.string().min(1),
  fetch: z.string().min(1).optional(),
  expected: z.looseObject({ stdout: z.string().regex(VERDICT, 'must have a line "END sum=" with 8 small hexadecimal digits') }),
  scale,
  /** What its machine must have: a disk, or (as Linux calls it) the right to open ports to itself, which every program has on the lab kernel. */
  needs: z.enum(['block-device', 'CAP_SYS_RAWIO']).optional(),
  /** Arguments in front of the scale. */
  arguments: z.array(z.string()).default([]),
  /** Files beside the manifest that lie in the root of the guest's file system. */
  files: z.array(z.strictObject({ name: z.string().min(1), sha256 })).default([]),
});

interface WorkloadBase {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly image: string;
  /** Absolute path of the image. */
  readonly imagePath: string;
  /** What the guest prints at its default scale, 8 hexadecimal digits. */
  readonly checksum: string;
  readonly scale?: { readonly default: number; readonly unit: string } | undefined;
  /** Status that the guest ends with when all is well. */
  readonly status: number;
  /** Identity of all that the guest consists of: the image's own SHA-256, or that over the digests of a program's parts. */
  readonly sha256: string;
  /** Why it cannot be run here and how that is mended; undefined if it can. */
  readonly missing?: { readonly what: string; readonly remedy: string } | undefined;
}

/** A guest that needs no kernel. */
export interface BareWorkload extends WorkloadBase {
  readonly kind: 'bare';
}
/** What a Linux program on the lab kernel consists of. */
export interface ProgramParts {
  /** One for each kind of machine. */
  readonly kernels: LabKernels;
  readonly program: ImageFile;
  /** Name of the program in the guest's /bin. */
  readonly name: string;
  readonly arguments: readonly string[];
  /** Files of the guest's root. */
  readonly files: readonly ImageFile[];
}
/** A Linux program on the lab kernel. */
export interface ProgramWorkload extends WorkloadBase, ProgramParts {
  readonly kind: 'program';
  readonly needsDisk: boolean;
}
export type Workload = BareWorkload | ProgramWorkload;

/** All workloads of a folder, in the order of their ids. Throws InputProblem if a manifest is malformed or an id comes twice. */
export function discoverWorkloads(folder: string): readonly Workload[] {
  const bare = namesWith(folder, MANIFEST).map((name) => readBare(join(folder, name), name));
  const programs = PROGRAM_FOLDERS.map((group) => join(folder, group)).filter((group) => existsSync(group))
    .flatMap((group) => namesWith(group, PROGRAM_MANIFEST).map((name) => readProgram(folder, join(group, name), name)));
  const workloads = [...bare, ...programs].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const twice = workloads.find((workload, index) => workloads[index + 1]?.id === workload.id);
  if (twice !== undefined) throw new InputProblem(`two workloads in ${folder} are called ${twice.id}`, 'rename one of them');
  return workloads;
}

/** Names of the folders with a manifest. */
function namesWith(folder: string, manifest: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => existsSync(join(folder, name, manifest)));
  } catch (error) {
    throw fileProblem('list the workloads in', folder, error);
  }
}

function requireName(manifest: string, id: string, name: string): void {
  if (id !== name) throw new InputProblem(`workload ${manifest}: "id" is "${id}"`, `name it like its folder, "${name}"`);
}

/** Absolute path of something that a manifest names in its folder. */
function pathWithin(folder: string, manifest: string, field: string, name: string): string {
  const path = resolve(folder, name);
  if (!path.startsWith(resolve(folder) + sep)) throw new InputProblem(`workload ${manifest}: "${field}" leaves the workload's folder`, 'name a file in it');
  return path;
}

function readBare(folder: string, name: string): BareWorkload {
  const manifest = join(folder, MANIFEST);
  const workload = readDefinition('workload', manifest, workloadSchema);
  requireName(manifest, workload.id, name);
  const { id, title, why, image, sha256, checksum, scale: size, status } = workload;
  return { kind: 'bare', id, title, why, image, sha256, checksum, scale: size, status, imagePath: pathWithin(folder, manifest, 'image', image) };
}

function readProgram(workloads: string, folder: string, name: string): ProgramWorkload {
  const manifest = join(folder, PROGRAM_MANIFEST);
  const found = readDefinition('workload', manifest, programSchema);
  requireName(manifest, found.id, name);
  const { id, title, why, image, scale: size, fetch } = found;
  const imagePath = fetch === undefined ? pathWithin(folder, manifest, 'image', image) : resolve(dirname(resolve(workloads)), image);
  const isThere = fetch === undefined || statSync(imagePath, { throwIfNoEntry: false }) !== undefined;
  const parts = {
    kernels: labKernels(workloads),
    program: { path: imagePath, sha256: found.sha256 },
    files: found.files.map((file) => ({ path: pathWithin(folder, manifest, 'files', file.name), sha256: file.sha256 })),
  };
  return {
    kind: 'program', id, title, why, image, imagePath, scale: size, ...parts, status: 0,
    sha256: identityOf(parts), checksum: VERDICT.exec(found.expected.stdout)?.[1] ?? '',
    name: fetch === undefined ? id : image.slice(image.lastIndexOf('/') + 1),
    arguments: found.arguments, needsDisk: found.needs === 'block-device',
    missing: isThere ? undefined : { what: `its program ${image} is not here`, remedy: `fetch it with \`${fetch}\`` },
  };
}

function identityOf({ kernels, program, files }: Pick<ProgramWorkload, 'kernels' | 'program' | 'files'>): string {
  return digestOf(JSON.stringify([...Object.values(kernels), program, ...files].map(({ sha256 }) => sha256)));
}
