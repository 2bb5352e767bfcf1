import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { GuestPort } from '@ringbench/engine';
import { z } from 'zod';
import { readImageFile, sha256Schema } from './image-file.js';
import type { ImageFile } from './image-file.js';
import { readDefinition } from './json-file.js';

const FOLDER = 'kernel';
const MANIFESTS: Readonly<Record<GuestPort, string>> = { pc: 'kernel.json', paravirt: 'kernel-paravirt.json' };

const kernelSchema = z.looseObject({ image: z.string().regex(/^[\w.-]+$/, 'must be the name of a file beside the manifest'), sha256: sha256Schema });

/** The lab kernel's ports that there are. */
export type LabKernels = Readonly<Partial<Record<GuestPort, ImageFile>>> & { readonly pc: ImageFile };

/** Where the lab kernel's image for a machine is, below a folder of workloads, and what it is. Throws InputProblem. */
export function labKernel(workloads: string, port: GuestPort = 'pc'): ImageFile {
  const { image, sha256 } = readDefinition('lab kernel', join(workloads, FOLDER, MANIFESTS[port]), kernelSchema);
  return { path: join(workloads, FOLDER, image), sha256 };
}

/** All of them. A folder of workloads need not have another than the PC's. Throws InputProblem. */
export function labKernels(workloads: string): LabKernels {
  const pc = labKernel(workloads);
  return existsSync(join(workloads, FOLDER, MANIFESTS.paravirt)) ? { pc, paravirt: labKernel(workloads, 'paravirt') } : { pc };
}

/** The image itself, verified. Throws InputProblem. */
export function readLabKernel(workloads: string, port: GuestPort = 'pc'): Uint8Array {
  return readImageFile(labKernel(workloads, port));
}
