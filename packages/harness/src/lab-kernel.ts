import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { GuestPort } from '@ringbench/engine';
import { readImageFile, SHA256 } from './image-file.js';
import type { ImageFile } from './image-file.js';
import { readJson } from './json-file.js';
import { InputProblem } from './problem.js';

const FOLDER = 'kernel';
const MANIFESTS: Readonly<Record<GuestPort, string>> = { pc: 'kernel.json', paravirt: 'kernel-paravirt.json', um: 'kernel-um.json' };
/** Machines that are no PC. */
const PORTS: readonly GuestPort[] = ['paravirt', 'um'];

const FILE_NAME = /^[\w.-]+$/;

/** The lab kernel's ports that there are. */
export type LabKernels = Readonly<Partial<Record<GuestPort, ImageFile>>> & { readonly pc: ImageFile };

/** Where the lab kernel's image for a machine is, below a folder of workloads, and what it is. Throws InputProblem. */
export function labKernel(workloads: string, port: GuestPort = 'pc'): ImageFile {
  const manifest = join(workloads, FOLDER, MANIFESTS[port]);
  const fields = readJson('lab kernel', manifest);
  return { path: join(workloads, FOLDER, field(manifest, fields, 'image', FILE_NAME)), sha256: field(manifest, fields, 'sha256', SHA256) };
}

/** A field of the manifest. Without a schema: loading the library would be a tenth of the start of `ringbench exec`. */
function field(manifest: string, fields: unknown, name: string, form: RegExp): string {
  const value: unknown = typeof fields === 'object' && fields !== null ? Reflect.get(fields, name) : undefined;
  if (typeof value === 'string' && form.test(value)) return value;
  throw new InputProblem(`lab kernel ${manifest}: "${name}" must be a text of the form ${form.source}`, 'rebuild the kernel or restore the committed manifest');
}

/** All of them. A folder of workloads need not have another than the PC's. Throws InputProblem. */
export function labKernels(workloads: string): LabKernels {
  const ported = PORTS.filter((port) => existsSync(join(workloads, FOLDER, MANIFESTS[port]))).map((port) => [port, labKernel(workloads, port)] as const);
  return { pc: labKernel(workloads), ...Object.fromEntries(ported) };
}

/** The image itself, verified. Throws InputProblem. */
export function readLabKernel(workloads: string, port: GuestPort = 'pc'): Uint8Array {
  return readImageFile(labKernel(workloads, port));
}
