// Builds the user programs in workloads/user/ and workloads/proofs/ and keeps the derived fields of each program.json.
//
//   node scripts/build-programs.mjs [--check | --native] [ID…]
//
// Without an option: compiles and links image.elf, runs it for the expected output, rewrites program.json.
// --check   builds into a temporary folder and compares the bytes with the committed image.
// --native  runs the committed images on this Linux and compares their output with the recorded one.
// Both skip with a reason, and succeed, where this machine cannot do it.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  COMPILE_FREESTANDING, INTEGER_ONLY, UserError, byCodeUnit, eachInTemporary, filesIn, run, runScript, sha256, toolchain,
} from './guest-toolchain.mjs';
import { RUN, runNatively } from './native-program.mjs';

const WORKLOADS = fileURLToPath(new URL('../workloads', import.meta.url));
const PROGRAMS = ['user', 'proofs'].map((folder) => join(WORKLOADS, folder));
const RUNTIME = join(WORKLOADS, 'user', 'runtime');
const COMMON = join(WORKLOADS, 'common');
const IMAGE = 'image.elf';
const MANIFEST = 'program.json';
const CLASSES = ['micro', 'macro', 'adversarial', 'proof'];

const SECTIONS = ['-ffunction-sections', '-fdata-sections'];
/** x87 instructions in the order that the compiler gave them; the programs set precision and rounding themselves. */
const FLOATING_POINT = ['-mfpmath=387', '-fno-math-errno', '-ffp-contract=off', '-fexcess-precision=standard'];
/** No build id and no symbols, so that equal tools give equal bytes; one code and one data segment. */
const LINK = [
  '-m', 'elf_i386', '-static', '-s', '--build-id=none', '--gc-sections', '--fatal-warnings',
  '-z', 'noexecstack', '-z', 'noseparate-code', '-z', 'norelro',
];

function readPrograms(ids) {
  const known = PROGRAMS.flatMap((folder) => readdirSync(folder).map((id) => ({ id, folder: join(folder, id) })))
    .filter(({ folder }) => existsSync(join(folder, MANIFEST)))
    .toSorted((a, b) => byCodeUnit(a.id, b.id));
  const unknown = ids.find((id) => !known.some((program) => program.id === id));
  if (unknown !== undefined) throw new UserError(`no program "${unknown}"; there are ${known.map(({ id }) => id).join(', ')}`);
  return known
    .filter(({ id }) => ids.length === 0 || ids.includes(id))
    .map(({ folder }) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')) }));
}

/** The program's own files, what it shares with others (`shares`, relative to workloads/), and the runtime. */
function sourcesOf({ folder, manifest }) {
  const shared = (manifest.shares ?? []).map((name) => join(WORKLOADS, name));
  return [...filesIn(folder, ['.c', '.S']), ...shared.filter((file) => /\.[cS]$/.test(file)), ...filesIn(RUNTIME, ['.c', '.S'])];
}

function includeFolders({ folder, manifest }) {
  const shared = (manifest.shares ?? []).map((name) => dirname(join(WORKLOADS, name)));
  return [...new Set([folder, ...shared, RUNTIME, COMMON])];
}

/** Everything that the image is made from, relative to workloads/: what the preprocessor and the assembler read. */
function allSources(program) {
  const flags = buildFlags(program);
  const read = sourcesOf(program).flatMap((source) =>
    run('gcc', ['-m32', '-ffreestanding', ...flags, '-MM', source]).replace(/^.*?:/, '').split(/[\s\\]+/).filter(Boolean));
  const embedded = includeFolders(program).flatMap((folder) => filesIn(folder, ['.src']));
  const shared = (program.manifest.shares ?? []).map((name) => join(WORKLOADS, name));
  const names = [...read, ...embedded, ...shared].map((file) => relative(WORKLOADS, file).replaceAll('\\', '/'));
  return [...new Set(names)].toSorted(byCodeUnit);
}

function buildFlags(program) {
  const arithmetic = program.manifest.floatingPoint ? FLOATING_POINT : [INTEGER_ONLY];
  const folders = includeFolders(program);
  /* -Wa,-I: where the assembler's .incbin looks. */
  const includes = folders.flatMap((folder) => [`-I${folder}`, `-Wa,-I${folder}`]);
  return [...SECTIONS, ...arithmetic, ...includes, `-DDEFAULT_SCALE=${program.manifest.scale.default}`];
}

/** Compiles and links one program in `folder`; returns the image's bytes. */
function buildImage(program, folder) {
  const objects = sourcesOf(program).map((source, index) => {
    const object = join(folder, `${String(index).padStart(3, '0')}-${basename(source)}.o`);
    run('gcc', [...COMPILE_FREESTANDING, ...buildFlags(program), '-c', source, '-o', object]);
    return object;
  });
  const image = join(folder, IMAGE);
  run('ld', [...LINK, '-o', image, ...objects]);
  return readFileSync(image);
}

function report(program, text) {
  console.log(`${program.manifest.id.padEnd(24)} ${text}`);
}

function fail(program, text) {
  report(program, `FAILED: ${text}`);
  process.exitCode = 1;
}

/** The output on record, from a native run of the new image; the old record where this machine cannot run it. */
function expectedOutput(program) {
  const { id, expected, nativeArguments } = program.manifest;
  const outcome = runNatively(program);
  if (outcome.kind === RUN.DONE) {
    const how = nativeArguments ? `, with the arguments ${nativeArguments.join(' ')} behind the scale` : '';
    return { stdout: outcome.stdout, source: `native run of this image under Linux${how}` };
  }
  if (outcome.kind === RUN.FAILED) throw new Error(`${id}: ${outcome.reason}`);
  if (expected === undefined) throw new UserError(`${id}: no expected output yet, and it cannot run here: ${outcome.reason}`);
  return expected;
}

function update(programs, tools) {
  if (tools === undefined) throw new UserError('building needs gcc, as and ld (Debian: gcc, binutils)');
  eachInTemporary(programs, (program, folder) => {
    const { id, class: kind, title, why, hosted, scale, needs, nativeArguments, floatingPoint, shares } = program.manifest;
    if (!CLASSES.includes(kind)) throw new UserError(`${id}: "class" must be one of ${CLASSES.join(', ')}`);
    const bytes = buildImage(program, folder);
    writeFileSync(join(program.folder, IMAGE), bytes, { mode: 0o755 });
    const manifest = {
      id, class: kind, title, why, hosted, image: IMAGE, sha256: sha256(bytes), expected: expectedOutput(program), scale, needs,
      nativeArguments, floatingPoint, shares, sources: allSources(program), ...tools,
    };
    writeFileSync(join(program.folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    report(program, `${bytes.length} bytes, ${manifest.expected.stdout.split('\n').at(-2)}`);
  });
}

function check(programs, tools) {
  eachInTemporary(programs, (program, folder) => {
    const { compiler, assembler, sha256: recorded, image } = program.manifest;
    if (sha256(readFileSync(join(program.folder, image))) !== recorded) {
      fail(program, `${image} is not the file whose SHA-256 ${MANIFEST} records`);
    } else if (tools?.compiler !== compiler || tools.assembler !== assembler) {
      const present = tools ? `${tools.compiler}, ${tools.assembler}` : 'no gcc, as and ld';
      report(program, `skipped: built with ${compiler}, ${assembler}; here is ${present}`);
    } else if (sha256(buildImage(program, folder)) === recorded) {
      report(program, 'same bytes');
    } else {
      fail(program, `the sources build another ${image} than the committed one`);
    }
  });
}

function checkNative(programs) {
  for (const program of programs) {
    const outcome = runNatively(program);
    if (outcome.kind === RUN.FAILED) fail(program, outcome.reason);
    else if (outcome.kind === RUN.SKIPPED) report(program, `skipped: ${outcome.reason}`);
    else if (outcome.stdout === program.manifest.expected.stdout) report(program, 'same output');
    else fail(program, `printed ${JSON.stringify(outcome.stdout)}, ${MANIFEST} says ${JSON.stringify(program.manifest.expected.stdout)}`);
  }
}

function main() {
  const { values, positionals } = parseArgs({
    options: { check: { type: 'boolean' }, native: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values.check && values.native) throw new UserError('--check and --native are two runs');
  const programs = readPrograms(positionals);
  if (values.native) checkNative(programs);
  else if (values.check) check(programs, toolchain());
  else update(programs, toolchain());
}

await runScript('build-programs', main);
