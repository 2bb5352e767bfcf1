import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ANSWER_BYTES } from './case.js';

/** The host's processor as an oracle. */

const NAME_BYTES = 64;
const SOURCE = fileURLToPath(new URL('step.c', import.meta.url));

export interface HostAnswers {
  readonly processor: string;
  readonly answers: Uint8Array[];
}

/** Asks the host all questions. Throws where there is no 32-bit compiler: that is for the caller to avoid. */
export function askHost(questions: readonly Uint8Array[]): HostAnswers {
  const folder = mkdtempSync(join(tmpdir(), 'x87-'));
  try {
    const program = join(folder, 'step');
    execFileSync('gcc', ['-m32', '-O1', '-fno-pie', '-no-pie', '-o', program, SOURCE]);
    const { stdout, status } = spawnSync(program, { input: Buffer.concat(questions), maxBuffer: NAME_BYTES + questions.length * ANSWER_BYTES + 1 });
    if (status !== 0 || stdout.length !== NAME_BYTES + questions.length * ANSWER_BYTES) throw new Error(`step ended with ${status} after ${stdout.length} bytes`);
    const processor = stdout.subarray(0, NAME_BYTES).toString('latin1').split('\0')[0].trim();
    return { processor, answers: questions.map((_, index) => Uint8Array.from(stdout.subarray(NAME_BYTES + index * ANSWER_BYTES, NAME_BYTES + (index + 1) * ANSWER_BYTES))) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
