// Builds the lab kernel in workloads/kernel and keeps the derived fields of its kernel.json.
//
//   node scripts/build-kernel.mjs [--check]
//
// Without an option: compiles and links image.elf, rewrites kernel.json.
// --check  builds into a temporary folder and compares the bytes with the committed image; where the tools that built
//          it are absent, it skips with that reason and succeeds.
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const WORKLOADS = fileURLToPath(new URL('../workloads', import.meta.url));
const KERNEL = join(WORKLOADS, 'kernel');
const COMMON = join(WORKLOADS, 'common');
const IMAGE = 'image.elf';
const MANIFEST = 'kernel.json';

/** The only port so far; another is a folder beside it. */
const PORT = 'pc';

/** As the bare guests are built (build-workloads.mjs): integer code only, nothing that depends on the host system. */
const COMPILE = [
  '-m32', '-std=c11', '-O2', '-march=i686', '-mgeneral-regs-only', '-ffreestanding', '-fno-pic',
  '-fno-stack-protector', '-fcf-protection=none', '-fno-asynchronous-unwind-tables',
  '-fno-tree-loop-distribute-patterns', '-fno-strict-aliasing', '-Wall', '-Wextra', '-Werror',
  `-I${KERNEL}`, `-I${join(KERNEL, 'arch', PORT)}`, `-I${join(COMMON, 'guest')}`, `-I${COMMON}`,
];
const LINK = ['-m', 'elf_i386', '-n', '-s', '--build-id=none', '--fatal-warnings', '-z', 'noexecstack'];
/** Headers of the bare guests that the kernel uses, too. */
const SHARED = ['common/guest/ports.h', 'common/page-entry.h', 'common/port-numbers.h', 'common/random.h'];

/** A problem of the caller's, told in one line. */
class UserError extends Error {}

function firstLine(command) {
  return execFileSync(command, ['--version'], { encoding: 'utf8' }).split('\n', 1)[0];
}

/** Compiler and assembler as recorded in kernel.json, or undefined where one is missing. */
function toolchain() {
  try {
    const compiler = /\((?<distribution>.*)\) (?<version>\S+)$/.exec(firstLine('gcc'))?.groups;
    const [assembler, linker] = [firstLine('as'), firstLine('ld')];
    return {
      compiler: compiler ? `gcc ${compiler.version} (${compiler.distribution})` : firstLine('gcc'),
      assembler: `${assembler}; ${linker}`,
    };
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The same order in every locale: it decides the order of linking, and so the bytes. */
function byCodeUnit(a, b) {
  return a < b ? -1 : Number(a > b);
}

/** Relative to workloads/, with forward slashes. */
function sources() {
  const own = readdirSync(KERNEL, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ['.c', '.S', '.h', '.ld'].includes(extname(entry.name)))
    .map((entry) => relative(WORKLOADS, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  return [...own, ...SHARED].toSorted(byCodeUnit);
}

/** Compiles and links the kernel in `folder`; returns the image's bytes. */
async function buildImage(folder) {
  const units = sources().filter((name) => /\.[cS]$/.test(name));
  const objects = units.map((name) => join(folder, name.replaceAll('/', '-').replace(/\.[cS]$/, '.o')));
  const compile = async (index) =>
    promisify(execFile)('gcc', [...COMPILE, '-c', join(WORKLOADS, units[index]), '-o', objects[index]]);
  const waiting = units.map((_, index) => index);
  const worker = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) await compile(index);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  const image = join(folder, IMAGE);
  execFileSync('ld', [...LINK, '-T', join(KERNEL, 'arch', PORT, 'image.ld'), '-o', image, ...objects], { stdio: 'pipe' });
  return readFileSync(image);
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

async function inTemporary(action) {
  const folder = mkdtempSync(join(tmpdir(), 'ringbench-kernel-'));
  try {
    return await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function update(tools) {
  if (tools === undefined) throw new UserError('building needs gcc, as and ld (Debian: gcc, binutils)');
  const bytes = await inTemporary(buildImage);
  const manifest = { id: 'kernel', title: 'Lab kernel', port: PORT, image: IMAGE, sha256: sha256(bytes), sources: sources(), ...tools };
  writeFileSync(join(KERNEL, IMAGE), bytes);
  writeFileSync(join(KERNEL, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  console.log(`kernel ${bytes.length} bytes`);
}

async function check(tools) {
  const { compiler, assembler, sha256: recorded } = JSON.parse(readFileSync(join(KERNEL, MANIFEST), 'utf8'));
  if (sha256(readFileSync(join(KERNEL, IMAGE))) !== recorded) {
    fail(`${IMAGE} is not the file whose SHA-256 ${MANIFEST} records`);
  } else if (tools?.compiler !== compiler || tools.assembler !== assembler) {
    const present = tools ? `${tools.compiler}, ${tools.assembler}` : 'no gcc, as and ld';
    console.log(`kernel skipped: built with ${compiler}, ${assembler}; here is ${present}`);
  } else if (sha256(await inTemporary(buildImage)) === recorded) {
    console.log('kernel same bytes');
  } else {
    fail(`the sources build another ${IMAGE} than the committed one`);
  }
}

function fail(text) {
  console.log(`kernel FAILED: ${text}`);
  process.exitCode = 1;
}

try {
  const { values } = parseArgs({ options: { check: { type: 'boolean' } } });
  await (values.check ? check(toolchain()) : update(toolchain()));
} catch (error) {
  if (error instanceof UserError || error.code?.startsWith('ERR_PARSE_ARGS')) {
    console.error(`build-kernel: ${error.message}`);
    process.exitCode = 2;
  } else if (error.stderr) {
    // A tool failed: what it said is the message.
    console.error(String(error.stderr));
    process.exitCode = 1;
  } else {
    throw error;
  }
}
