import { join } from 'node:path';
import { z } from 'zod';
import { readImageFile, sha256Schema } from './image-file.js';
import type { ImageFile } from './image-file.js';
import { readDefinition } from './json-file.js';

const FOLDER = 'kernel';
const MANIFEST = 'kernel.json';

const kernelSchema = z.looseObject({ image: z.string().regex(/^[\w.-]+$/, 'must be the name of a file beside the manifest'), sha256: sha256Schema });

/** Where the lab kernel's image is, below a folder of workloads, and what it is. Throws InputProblem. */
export function labKernel(workloads: string): ImageFile {
  const { image, sha256 } = readDefinition('lab kernel', join(workloads, FOLDER, MANIFEST), kernelSchema);
  return { path: join(workloads, FOLDER, image), sha256 };
}

/** The image itself, verified. Throws InputProblem. */
export function readLabKernel(workloads: string): Uint8Array {
  return readImageFile(labKernel(workloads));
}
