// Boots Linux on v86 from its API and passes the serial console on to standard output, nothing else.
//   node debian-guest.mjs translates|interprets KERNEL INITRD COMMAND_LINE MEMORY_BYTES BIOS VGA_BIOS
import { readFileSync, writeSync } from 'node:fs';
import { createRequire, enableCompileCache } from 'node:module';

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

function fileOf(path) {
  const bytes = readFileSync(path);
  return { buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) };
}

enableCompileCache();
const [mode, kernel, initrd, commandLine, memoryBytes, bios, vgaBios] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const { V86 } = await import(require.resolve('v86/build/libv86.mjs'));
const machine = new V86({
  wasm_path: require.resolve('v86/build/v86.wasm'), memory_size: Number(memoryBytes), disable_jit: mode === 'interprets', autostart: true,
  bios: fileOf(bios), vga_bios: fileOf(vgaBios), bzimage: fileOf(kernel), initrd: fileOf(initrd), cmdline: commandLine,
});
machine.add_listener('serial0-output-byte', consoleWriter());
