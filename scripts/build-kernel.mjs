// Builds the lab kernel in workloads/kernel for each of its ports and keeps the derived fields of their manifests.
//
//   node scripts/build-kernel.mjs [--check] [--port NAME]
//
// Without an option: compiles and links an image for each port and rewrites its manifest.
// --check  builds into a temporary folder and compares the bytes with the committed image; where the tools that built
//          it are absent, it skips with that reason and succeeds.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { byCodeUnit, runScript, sha256, toolchain, UserError } from './guest-toolchain.mjs';

const WORKLOADS = fileURLToPath(new URL('../workloads', import.meta.url));
const KERNEL = join(WORKLOADS, 'kernel');
const COMMON = join(WORKLOADS, 'common');
const ARCH = 'kernel/arch';

/** A port is a folder of arch/; `folders` are those that it has in common with others, `linker` the script that places it, `link` its own options (pages of the file need not be pages of memory: -n). */
const PORTS = {
  pc: { id: 'kernel', title: 'Lab kernel', image: 'image.elf', manifest: 'kernel.json', folders: ['common', 'shared-space'], linker: 'shared-space/image.ld', link: ['-n'] },
  paravirt: {
    id: 'kernel-paravirt', title: 'Lab kernel for the paravirtual machine', image: 'image-paravirt.elf', manifest: 'kernel-paravirt.json',
    folders: ['common', 'shared-space', 'ported'], linker: 'shared-space/image.ld', link: ['-n'],
  },
  um: { id: 'kernel-um', title: 'Lab kernel as a process', image: 'image-um.elf', manifest: 'kernel-um.json', folders: ['common', 'ported'], linker: 'um/image.ld', link: [], mode: 0o755 },
};

/** As the bare guests are built (build-workloads.mjs): integer code only, nothing that depends on the host system. */
const compileOptions = (port) => [
  '-m32', '-std=c11', '-O2', '-march=i686', '-mgeneral-regs-only', '-ffreestanding', '-fno-pic',
  '-fno-stack-protector', '-fcf-protection=none', '-fno-asynchronous-unwind-tables',
  '-fno-tree-loop-distribute-patterns', '-fno-strict-aliasing', '-Wall', '-Wextra', '-Werror',
  `-I${KERNEL}`, `-I${join(KERNEL, 'arch', port)}`, `-I${join(COMMON, 'guest')}`, `-I${COMMON}`,
];
const LINK = ['-m', 'elf_i386', '-s', '--build-id=none', '--fatal-warnings', '-z', 'noexecstack'];
/** Headers of the bare guests that the kernel uses, too; those of ports only where there are some. */
const SHARED = ['common/page-entry.h', 'common/random.h'];
const SHARED_OF_PORT = { pc: ['common/guest/ports.h', 'common/port-numbers.h'], paravirt: [], um: [] };

/** Whether a source, relative to workloads/, is of a port, or of what all ports have. */
function belongsTo(port, name) {
  const folder = name.startsWith(`${ARCH}/`) ? name.slice(ARCH.length + 1).split('/') : [];
  return folder.length < 2 || folder[0] === port || PORTS[port].folders.includes(folder[0]);
}

/** Relative to workloads/, with forward slashes. */
function sources(port) {
  const own = readdirSync(KERNEL, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ['.c', '.S', '.h', '.ld'].includes(extname(entry.name)))
    .map((entry) => relative(WORKLOADS, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((name) => belongsTo(port, name));
  return [...own, ...SHARED, ...SHARED_OF_PORT[port]].toSorted(byCodeUnit);
}

/** Compiles and links the kernel for a port in `folder`; returns the image's bytes. */
async function buildImage(port, folder) {
  const units = sources(port).filter((name) => /\.[cS]$/.test(name));
  const objects = units.map((name) => join(folder, name.replaceAll('/', '-').replace(/\.[cS]$/, '.o')));
  const compile = async (index) =>
    promisify(execFile)('gcc', [...compileOptions(port), '-c', join(WORKLOADS, units[index]), '-o', objects[index]]);
  const waiting = units.map((_, index) => index);
  const worker = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) await compile(index);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  const image = join(folder, PORTS[port].image);
  execFileSync('ld', [...LINK, ...PORTS[port].link, '-T', join(KERNEL, 'arch', PORTS[port].linker), '-o', image, ...objects], { stdio: 'pipe' });
  return readFileSync(image);
}

async function inTemporary(action) {
  const folder = mkdtempSync(join(tmpdir(), 'ringbench-kernel-'));
  try {
    return await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function update(port, tools) {
  if (tools === undefined) throw new UserError('building needs gcc, as and ld (Debian: gcc, binutils)');
  const { id, title, image, manifest, mode } = PORTS[port];
  const bytes = await inTemporary((folder) => buildImage(port, folder));
  const fields = { id, title, port, image, sha256: sha256(bytes), sources: sources(port), ...tools };
  writeFileSync(join(KERNEL, image), bytes, { mode });
  writeFileSync(join(KERNEL, manifest), `${JSON.stringify(fields, null, 2)}\n`);
  console.log(`${id} ${bytes.length} bytes`);
}

async function check(port, tools) {
  const { id, image, manifest } = PORTS[port];
  const { compiler, assembler, sha256: recorded } = JSON.parse(readFileSync(join(KERNEL, manifest), 'utf8'));
  if (sha256(readFileSync(join(KERNEL, image))) !== recorded) {
    fail(id, `${image} is not the file whose SHA-256 ${manifest} records`);
  } else if (tools?.compiler !== compiler || tools.assembler !== assembler) {
    const present = tools ? `${tools.compiler}, ${tools.assembler}` : 'no gcc, as and ld';
    console.log(`${id} skipped: built with ${compiler}, ${assembler}; here is ${present}`);
  } else if (sha256(await inTemporary((folder) => buildImage(port, folder))) === recorded) {
    console.log(`${id} same bytes`);
  } else {
    fail(id, `the sources build another ${image} than the committed one`);
  }
}

function fail(id, text) {
  console.log(`${id} FAILED: ${text}`);
  process.exitCode = 1;
}

await runScript('build-kernel', async () => {
  const { values } = parseArgs({ options: { check: { type: 'boolean' }, port: { type: 'string' } } });
  if (values.port !== undefined && !Object.hasOwn(PORTS, values.port)) throw new UserError(`no port is called "${values.port}"; there are ${Object.keys(PORTS).join(', ')}`);
  const tools = toolchain();
  for (const port of values.port === undefined ? Object.keys(PORTS) : [values.port]) await (values.check ? check(port, tools) : update(port, tools));
});
