// The machines that are compared, and how a process of each is started.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { bochs } from './bochs.mjs';
import { imagePath } from './kernels.mjs';

export const MEMORY_MIB = 64;
const GUEST = fileURLToPath(new URL('guest.mjs', import.meta.url));

const present = () => undefined;

function withoutPackage(name) {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return undefined;
  } catch {
    return `no npm package ${name}`;
  }
}

const withoutCommand = (command) => (spawnSync(command, ['--version']).error === undefined ? undefined : `no ${command}`);

const javascript = (machine, absent) => ({
  absent,
  command: (id, scale) => [process.execPath, [GUEST, machine, imagePath(id), String(scale), String(MEMORY_MIB << 20)]],
});

/** Ours come first. `absent`: why it cannot be run here, or undefined; `command`: program and arguments; `counts`: prints what it retired. */
export const MACHINES = {
  interpreter: { ...javascript('interpreter', present), counts: true },
  translator: { ...javascript('translator', present), counts: true },
  v86: javascript('v86', () => withoutPackage('v86')),
  'v86-translator': javascript('v86-translator', () => withoutPackage('v86')),
  qemu: {
    absent: () => withoutCommand('qemu-system-i386'),
    // Without isa-debug-exit the guest halts for ever behind END, and what the process used can be read before it is killed.
    command: (id, scale) => ['qemu-system-i386', [
      '-accel', 'tcg,thread=single', '-m', String(MEMORY_MIB), '-display', 'none', '-serial', 'stdio', '-no-reboot', '-nic', 'none',
      '-kernel', imagePath(id), '-append', `scale=${scale}`,
    ]],
  },
  bochs: bochs(MEMORY_MIB),
};

/** Name and version of what is not ours, for the record. */
export function versions() {
  const require = createRequire(import.meta.url);
  const found = { node: process.version };
  if (withoutPackage('v86') === undefined) found.v86 = require('v86/package.json').version;
  const qemu = spawnSync('qemu-system-i386', ['--version'], { encoding: 'utf8' });
  if (qemu.error === undefined) found.qemu = /version (\S+)/.exec(qemu.stdout)?.[1] ?? 'unknown';
  const bochsVersion = MACHINES.bochs.version();
  if (bochsVersion !== undefined) found.bochs = bochsVersion;
  return found;
}
