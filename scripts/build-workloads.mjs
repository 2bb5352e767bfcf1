// Builds the bare guests in workloads/ and keeps the derived fields of each workload.json.
//
//   node scripts/build-workloads.mjs [--check | --native] [ID…]
//
// Without an option: compiles and links image.elf, runs the hosted twin for the expected checksum, rewrites
// workload.json.
// --check   builds into a temporary folder and compares the bytes with the committed image.
// --native  builds the hosted twins as Linux programs and compares their checksums with the recorded ones.
// Both skip with a reason, and succeed, where the tools to do it are absent.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const WORKLOADS = fileURLToPath(new URL('../workloads', import.meta.url));
const COMMON = join(WORKLOADS, 'common');
const IMAGE = 'image.elf';
const MANIFEST = 'workload.json';

/** Integer code only, nothing that depends on the host system; the guests have no run-time library. */
const COMPILE = [
  '-m32', '-std=c11', '-O2', '-march=i686', '-mgeneral-regs-only', '-ffreestanding', '-fno-pic',
  '-fno-stack-protector', '-fcf-protection=none', '-fno-asynchronous-unwind-tables',
  '-fno-tree-loop-distribute-patterns', '-fno-strict-aliasing', '-Wall', '-Wextra', '-Werror',
];
/** -n packs the file; no build id and no symbols, so that equal tools give equal bytes. */
const LINK = ['-m', 'elf_i386', '-n', '-s', '--build-id=none', '--fatal-warnings', '-z', 'noexecstack'];
const HOSTED = ['-m32', '-std=gnu11', '-O2', '-fno-strict-aliasing', '-Wall', '-Wextra', '-Werror'];

/**
 * What the hosted twin of a workload stands for; decides how far its checksum can be trusted and whether timing it
 * means anything.
 */
const TWINS = {
  program: 'hosted twin: the same C code run natively as a Linux program',
  model:
    'hosted twin: the same C code over a model of the hardware, written from the manual; ' +
    'QEMU and v86 agree (scripts/verify-workloads.mjs)',
};

function run(command, args) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function firstLine(command) {
  return run(command, ['--version']).split('\n', 1)[0];
}

/** Compiler and assembler as recorded in workload.json, or undefined where one is missing. */
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

function filesIn(folder, extensions) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && extensions.includes(extname(entry.name)))
    .map((entry) => join(folder, entry.name))
    .toSorted(byCodeUnit);
}

function filesInIfAny(folder, extensions) {
  try {
    return filesIn(folder, extensions);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

function readWorkloads(ids) {
  const known = readdirSync(WORKLOADS)
    .filter((id) => existsSync(join(WORKLOADS, id, MANIFEST)))
    .toSorted(byCodeUnit);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined) throw new UserError(`no workload "${unknown}"; there are ${known.join(', ')}`);
  return known
    .filter((id) => ids.length === 0 || ids.includes(id))
    .map((id) => ({
      folder: join(WORKLOADS, id),
      manifest: JSON.parse(readFileSync(join(WORKLOADS, id, MANIFEST), 'utf8')),
    }));
}

/** A problem of the caller's, told in one line. */
class UserError extends Error {}

/**
 * The folders that make up one form (`guest` or `hosted`) of a workload, most specific first: they are also its include
 * path.
 */
function foldersOf(workload, form) {
  return [join(workload.folder, form), workload.folder, join(COMMON, form), COMMON];
}

function sourcesOf(workload, form, extensions) {
  return foldersOf(workload, form).flatMap((folder) => filesInIfAny(folder, extensions));
}

/** Everything that either form is made from, relative to workloads/. */
function allSources(workload) {
  const guest = sourcesOf(workload, 'guest', ['.c', '.S', '.h', '.ld']);
  const hosted = sourcesOf(workload, 'hosted', ['.c', '.h']);
  const names = [...guest, ...hosted].map((file) => relative(WORKLOADS, file).replaceAll('\\', '/'));
  return [...new Set(names)].toSorted(byCodeUnit);
}

function buildFlags(workload, form) {
  const includes = foldersOf(workload, form).map((folder) => `-I${folder}`);
  return [...includes, `-DDEFAULT_SCALE=${workload.manifest.scale.default}`];
}

/** Compiles and links one guest in `folder`; returns the image's bytes. */
function buildImage(workload, folder) {
  const objects = sourcesOf(workload, 'guest', ['.c', '.S']).map((source) => {
    const object = join(folder, relative(WORKLOADS, source).replaceAll(/[\\/]/g, '-').replace(/\.[cS]$/, '.o'));
    run('gcc', [...COMPILE, ...buildFlags(workload, 'guest'), '-c', source, '-o', object]);
    return object;
  });
  const image = join(folder, IMAGE);
  run('ld', [...LINK, '-T', join(COMMON, 'guest', 'image.ld'), '-o', image, ...objects]);
  return readFileSync(image);
}

/**
 * Builds and runs the hosted twin; returns its checksum, or undefined where this machine cannot build 32-bit Linux
 * programs.
 */
function twinChecksum(workload, folder) {
  if (!canBuildHosted(folder)) return undefined;
  const twin = join(folder, 'twin');
  run('gcc', [...HOSTED, ...buildFlags(workload, 'hosted'), ...sourcesOf(workload, 'hosted', ['.c']), '-o', twin]);
  const checksum = /^END sum=([0-9a-f]{8})$/m.exec(run(twin, []))?.[1];
  if (checksum === undefined) throw new Error(`${workload.manifest.id}: the hosted twin printed no checksum`);
  return checksum;
}

function canBuildHosted(folder) {
  const probe = join(folder, 'probe.c');
  writeFileSync(probe, '#include <stdio.h>\nint main(void) { return 0; }\n');
  try {
    run('gcc', ['-m32', probe, '-o', join(folder, 'probe')]);
    return true;
  } catch {
    return false;
  }
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Runs `action` for each workload in a temporary folder of its own. */
function eachInTemporary(workloads, action) {
  const root = mkdtempSync(join(tmpdir(), 'ringbench-workloads-'));
  try {
    for (const workload of workloads) {
      const folder = join(root, workload.manifest.id);
      mkdirSync(folder);
      action(workload, folder);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function report(workload, text) {
  console.log(`${workload.manifest.id.padEnd(14)} ${text}`);
}

function update(workloads, tools) {
  if (tools === undefined) throw new UserError('building needs gcc, as and ld (Debian: gcc, binutils)');
  eachInTemporary(workloads, (workload, folder) => {
    const bytes = buildImage(workload, folder);
    const { id, title, why, scale, twin, checksum: recorded } = workload.manifest;
    if (!(twin in TWINS)) throw new UserError(`${id}: "twin" must be one of ${Object.keys(TWINS).join(', ')}`);
    const checksum = twinChecksum(workload, folder) ?? recorded;
    if (checksum === undefined) throw new UserError(`${id}: no checksum yet, and computing it needs gcc-multilib`);
    const sources = allSources(workload);
    const manifest = {
      id, title, why, image: IMAGE, sha256: sha256(bytes), checksum, checksumSource: TWINS[twin], scale, twin,
      hasNativeTwin: twin === 'program', sources, ...tools,
    };
    writeFileSync(join(workload.folder, IMAGE), bytes);
    writeFileSync(join(workload.folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    report(workload, `${bytes.length} bytes, sum=${checksum}`);
  });
}

function check(workloads, tools) {
  eachInTemporary(workloads, (workload, folder) => {
    const { compiler, assembler, sha256: recorded } = workload.manifest;
    if (!filesIn(workload.folder, ['.elf']).some((file) => sha256(readFileSync(file)) === recorded)) {
      fail(workload, `${IMAGE} is not the file whose SHA-256 workload.json records`);
    } else if (tools?.compiler !== compiler || tools.assembler !== assembler) {
      const present = tools ? `${tools.compiler}, ${tools.assembler}` : 'no gcc, as and ld';
      report(workload, `skipped: built with ${compiler}, ${assembler}; here is ${present}`);
    } else if (sha256(buildImage(workload, folder)) === recorded) {
      report(workload, 'same bytes');
    } else {
      fail(workload, `the sources build another ${IMAGE} than the committed one`);
    }
  });
}

function checkNative(workloads, tools) {
  eachInTemporary(workloads, (workload, folder) => {
    const checksum = tools && twinChecksum(workload, folder);
    if (checksum === undefined) {
      report(workload, 'skipped: no gcc that builds 32-bit Linux programs (Debian: gcc-multilib)');
    } else if (checksum === workload.manifest.checksum) {
      report(workload, `same sum=${checksum} (${workload.manifest.twin})`);
    } else {
      fail(workload, `the hosted twin computes ${checksum}, workload.json says ${workload.manifest.checksum}`);
    }
  });
}

function fail(workload, text) {
  report(workload, `FAILED: ${text}`);
  process.exitCode = 1;
}

function main() {
  const { values, positionals } = parseArgs({
    options: { check: { type: 'boolean' }, native: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values.check && values.native) throw new UserError('--check and --native are two runs');
  const workloads = readWorkloads(positionals);
  const tools = toolchain();
  if (values.check) check(workloads, tools);
  else if (values.native) checkNative(workloads, tools);
  else update(workloads, tools);
}

try {
  main();
} catch (error) {
  if (error instanceof UserError || error.code?.startsWith('ERR_PARSE_ARGS')) {
    console.error(`build-workloads: ${error.message}`);
    process.exitCode = 2;
  } else if (error.stderr) {
    // A tool failed: what it said is the message.
    console.error(error.stderr);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
