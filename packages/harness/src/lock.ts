import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputProblem, fileProblem } from './problem.js';

const LOCK_NAME = 'run.lock';

/**
 * Keeps a second run out of an output folder, where both would write the same journal. Returns what releases it. The lock of a run that was
 * killed is recognised by its process being gone, and taken over. Throws InputProblem while another run holds it.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, LOCK_NAME);
  if (!tryLock(path)) {
    const holder = readHolder(path);
    if (holder !== undefined && isAlive(holder)) {
      throw new InputProblem(`process ${holder} is measuring into ${folder}`, `wait for it, choose another --out, or delete ${path} if that process is something else`);
    }
    rmSync(path, { force: true });
    if (!tryLock(path)) throw new InputProblem(`another run has just begun in ${folder}`, 'choose another --out');
  }
  return () => rmSync(path, { force: true });
}

function tryLock(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw fileProblem('write', path, error);
  }
}

function readHolder(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw fileProblem('read', path, error);
  }
  const holder = Number(text.trim());
  return Number.isSafeInteger(holder) && holder > 0 && holder !== process.pid ? holder : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * A process that was killed still answers to signal 0 until its parent has asked for its status, which may be long: on Linux /proc tells (proc(5),
 * /proc/pid/stat; the state is behind the name, which is in parentheses and may hold anything). Elsewhere nothing is known.
 */
function isZombie(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return /^\) [ZX]/.test(status.slice(status.lastIndexOf(')')));
  } catch {
    return false;
  }
}
