// Builds the bare guests in workloads/ and keeps the derived fields of each workload.json.
//
//   node scripts/build-workloads.mjs [--check | --native] [ID…]
//
// Without an option: compiles and links image.elf, runs the hosted twin for the expected checksum, rewrites
// workload.json.
// --check   builds into a temporary folder and compares the bytes with the committed image.
// --native  builds the hosted twins as Linux programs and compares their checksums with the recorded ones.
// Both skip with a reason, and succeed, where the tools to do it are absent.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  COMPILE_FREESTANDING, INTEGER_ONLY, UserError, byCodeUnit, eachInTemporary, filesIn, run, runScript, sha256, toolchain,
} from './guest-toolchain.mjs';

const WORKLOADS = fileURLToPath(new URL('../workloads', import.meta.url));
const COMMON = join(WORKLOADS, 'common');
const IMAGE = 'image.elf';
const MANIFEST = 'workload.json';

const COMPILE = [...COMPILE_FREESTANDING, INTEGER_ONLY];
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

function report(workload, text) {
  console.log(`${workload.manifest.id.padEnd(16)} ${text}`);
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

await runScript('build-workloads', main);
