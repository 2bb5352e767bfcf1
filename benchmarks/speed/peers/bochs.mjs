// Bochs, where it is installed. It loads no multiboot image, so the guest is on a disk with a loader of ours; it has no monitor to write to, so its display is nobody's.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GEOMETRY, bootDisk } from './boot-disk.mjs';
import { readImage } from './kernels.mjs';
import { measure } from './measure.mjs';

const COMMAND = process.env.BOCHS ?? 'bochs';
const SHARES = [process.env.BXSHARE, '/usr/share/bochs', '/usr/local/share/bochs'].filter((folder) => folder !== undefined);
const BIOS = 'BIOS-bochs-latest';
const VGA_BIOS = 'VGABIOS-lgpl-latest';
/** The first is in builds for this purpose; Debian's has the second, and must not wait for somebody to look. */
const DISPLAYS = ['nogui', 'rfb, options="timeout=0"'];
/** What a debugger build is told, by a file: it crawls where its input is a socket, as of Node's children. */
const CONTINUE = 'continue\n';
const PROBE_MS = 30_000;
const PROBE = 'noop';

let display;
let folder;

function configuration({ disk, serial }, memoryMiB, share) {
  return [
    `megs: ${memoryMiB}`, `romimage: file=${join(share, BIOS)}`, `vgaromimage: file=${join(share, VGA_BIOS)}`, 'ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14',
    `ata0-master: type=disk, path=${disk}, mode=flat, cylinders=${GEOMETRY.cylinders}, heads=${GEOMETRY.heads}, spt=${GEOMETRY.sectors}`, 'boot: disk',
    `com1: enabled=1, mode=file, dev=${serial}`, `display_library: ${display}`, 'clock: sync=none, time0=1', 'log: /dev/null', '',
  ].join('\n');
}

/** What it says of itself, or undefined where it is not installed. */
function help() {
  const { stdout, stderr, error } = spawnSync(COMMAND, ['--help'], { encoding: 'utf8' });
  return error === undefined ? `${stdout}${stderr}` : undefined;
}

/** Debian's is one, and several times slower than a build for speed. */
const isDebugger = () => help()?.includes('-rc filename') === true;

const shareFolder = () => SHARES.find((share) => existsSync(join(share, BIOS)));

/**
 * Writes the disk and the configuration into a folder that goes with this process. The serial port is a named pipe: what Node gives a child as standard output is a
 * socket, which Bochs cannot open by a name.
 */
function command(id, scale, memoryMiB) {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'ringbench-bochs-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  }
  const [disk, file, serial] = ['disk.img', 'bochsrc', 'serial'].map((name) => join(folder, name));
  writeFileSync(disk, bootDisk(readImage(id), `scale=${scale}`));
  // A run that was killed leaves this behind, and the next one would refuse the disk.
  rmSync(`${disk}.lock`, { force: true });
  writeFileSync(file, configuration({ disk, serial }, memoryMiB, shareFolder()));
  rmSync(serial, { force: true });
  spawnSync('mkfifo', [serial]);
  const commands = join(folder, 'commands');
  writeFileSync(commands, CONTINUE);
  return [COMMAND, ['-q', '-f', file, ...(isDebugger() ? ['-rc', commands] : [])], serial];
}

/** Why Bochs cannot be run here, or undefined; finds a display that it has. */
async function absent(memoryMiB) {
  if (help() === undefined) return `no ${COMMAND}`;
  if (shareFolder() === undefined) return `no ${BIOS} in ${SHARES.join(' or ')}`;
  for (display of DISPLAYS) {
    try {
      const { timedOut } = await measure(command(PROBE, 1, memoryMiB), { deadlineMs: PROBE_MS, stdin: 'ignore' });
      if (!timedOut) return undefined;
    } catch {
      // Not with this display.
    }
  }
  return `${COMMAND} does not start a guest here`;
}

/** Version, and whether it is a debugger build. */
function version() {
  const text = help();
  return text === undefined ? undefined : `${/Bochs x86 Emulator (\S+)/.exec(text)?.[1] ?? 'of unknown version'}${isDebugger() ? ' (debugger build)' : ''}`;
}

/** The machine for a guest memory of `memoryMiB`. */
export const bochs = (memoryMiB) => ({ absent: () => absent(memoryMiB), command: (id, scale) => command(id, scale, memoryMiB), stdin: 'ignore', version });
