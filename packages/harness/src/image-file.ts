import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { InputProblem, fileProblem } from './problem.js';

const LARGEST_IMAGE = 64 * 1024 * 1024;

/** A digest as manifests write it: small hexadecimal digits. */
export const SHA256 = /^[0-9a-f]{64}$/;

/** A file that a guest is made of, as a manifest names it. */
export interface ImageFile {
  /** Absolute. */
  readonly path: string;
  readonly sha256: string;
}

/** SHA-256 of bytes or text, as hexadecimal digits. */
export function digestOf(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Reads a file that a guest is made of and verifies that it is the one that its manifest names. Throws InputProblem if it is not. */
export function readImageFile({ path, sha256 }: ImageFile): Uint8Array {
  let bytes: Uint8Array;
  try {
    const status = statSync(path);
    if (!status.isFile()) throw new InputProblem(`image ${path} is not a file`, 'build the workload');
    if (status.size > LARGEST_IMAGE) throw new InputProblem(`image ${path} is larger than ${LARGEST_IMAGE} bytes`, 'build the workload');
    bytes = readFileSync(path);
  } catch (error) {
    throw error instanceof InputProblem ? error : fileProblem('read the image', path, error);
  }
  const found = digestOf(bytes);
  if (found !== sha256) throw new InputProblem(`image ${path} has SHA-256 ${found}, its manifest says ${sha256}`, 'rebuild the workload or restore the committed image');
  return bytes;
}
