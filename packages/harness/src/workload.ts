import { loadMultiboot } from '@ringbench/engine';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { InputProblem, fileProblem } from './problem.js';
import { readDefinition } from './json-file.js';
import { idSchema, scaleSchema } from './suite.js';

const MANIFEST = 'workload.json';
const LARGEST_IMAGE = 64 * 1024 * 1024;
const LARGEST_STATUS = 255;

/** The part of a workload's manifest that measuring needs; other fields are for other readers. */
export const workloadSchema = z.looseObject({
  id: idSchema,
  title: z.string().min(1),
  /** What the workload shows, in one sentence. */
  why: z.string(),
  /** Path of the built image, relative to the workload's folder. */
  image: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 small hexadecimal digits'),
  /** What the guest prints at its default scale. */
  checksum: z.string().regex(/^[0-9a-f]{8}$/, 'must be 8 small hexadecimal digits'),
  scale: z.looseObject({ default: scaleSchema, unit: z.string() }).optional(),
  /** Status that the guest ends with when all is well. */
  status: z.int().min(0).max(LARGEST_STATUS).default(0),
});

export interface Workload extends Readonly<z.infer<typeof workloadSchema>> {
  /** Absolute path of the image. */
  readonly imagePath: string;
}

/** All workloads of a folder, in the order of their ids. Throws InputProblem if a manifest is malformed. */
export function discoverWorkloads(folder: string): readonly Workload[] {
  let names: string[];
  try {
    names = readdirSync(folder).toSorted();
  } catch (error) {
    throw fileProblem('list the workloads in', folder, error);
  }
  return names.filter((name) => existsSync(join(folder, name, MANIFEST))).map((name) => readWorkload(join(folder, name), name));
}

function readWorkload(folder: string, name: string): Workload {
  const manifest = join(folder, MANIFEST);
  const workload = readDefinition('workload', manifest, workloadSchema);
  if (workload.id !== name) throw new InputProblem(`workload ${manifest}: "id" is "${workload.id}"`, `name it like its folder, "${name}"`);
  const imagePath = resolve(folder, workload.image);
  if (!imagePath.startsWith(resolve(folder) + sep)) throw new InputProblem(`workload ${manifest}: "image" leaves the workload's folder`, 'name a file in it');
  return { ...workload, imagePath };
}

/** Reads a workload's image and verifies that it is the one that the manifest names. Throws InputProblem if it is not. */
export function readImage(workload: Pick<Workload, 'id' | 'imagePath' | 'sha256'>): Uint8Array {
  const { imagePath, sha256 } = workload;
  let bytes: Uint8Array;
  try {
    const status = statSync(imagePath);
    if (!status.isFile()) throw new InputProblem(`image ${imagePath} of workload ${workload.id} is not a file`, 'build the workload');
    if (status.size > LARGEST_IMAGE) throw new InputProblem(`image ${imagePath} is larger than ${LARGEST_IMAGE} bytes`, 'build the workload');
    bytes = readFileSync(imagePath);
  } catch (error) {
    throw error instanceof InputProblem ? error : fileProblem(`read the image of workload ${workload.id},`, imagePath, error);
  }
  const found = digestOf(bytes);
  if (found !== sha256) {
    throw new InputProblem(`image ${imagePath} has SHA-256 ${found}, its workload.json says ${sha256}`, 'rebuild the workload or restore the committed image');
  }
  return bytes;
}

/** Throws InputProblem unless the image fits the guest memory: no core could run it, so that no cell need be tried. */
export function requireLoadable(workload: Pick<Workload, 'id' | 'imagePath'>, bytes: Uint8Array, memoryBytes: number): void {
  const loaded = loadMultiboot({ name: workload.imagePath, format: 'multiboot', bytes }, memoryBytes, () => undefined);
  if (!loaded.ok) throw new InputProblem(loaded.problem, 'rebuild the workload, or give the suite more "memoryMiB"');
}

/** SHA-256 of bytes or text, as hexadecimal digits. */
export function digestOf(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
