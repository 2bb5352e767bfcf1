// Boots Linux on v86 from its API and passes the serial console on to standard output, nothing else.
//   node debian-guest.mjs translates|interprets KERNEL INITRD COMMAND_LINE MEMORY_BYTES BIOS VGA_BIOS
import { readFileSync, writeSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { startV86, v86File } from './boot.mjs';

const STDOUT = 1;
/** Output is passed on when nothing came for so long: a system call for each byte would be measured too, and a prompt ends no line. */
const FLUSH_MS = 2;

function consoleWriter() {
  let pending = '';
  let timer;
  const flush = () => {
    timer = undefined;
    writeSync(STDOUT, pending);
    pending = '';
  };
  return (byte) => {
    pending += String.fromCharCode(byte);
    timer ??= setTimeout(flush, FLUSH_MS);
  };
}

enableCompileCache();
const [mode, kernel, initrd, commandLine, memoryBytes, ...firmware] = process.argv.slice(2);
const [bios, vga, bzimage, disk] = [...firmware, kernel, initrd].map((path) => v86File(readFileSync(path)));
await startV86({ translates: mode === 'translates', memoryBytes: Number(memoryBytes), onConsole: consoleWriter(), bios, vga_bios: vga, bzimage, initrd: disk, cmdline: commandLine });
