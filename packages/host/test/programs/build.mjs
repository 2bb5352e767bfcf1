// Builds the test programs and records what they print on this Linux: NAME.elf and NAME.txt for each NAME.c here.
//
//   node packages/host/test/programs/build.mjs
//
// Needs gcc and a Linux that runs 32-bit programs.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { COMPILE_FREESTANDING, filesIn, INTEGER_ONLY } from '../../../../scripts/guest-toolchain.mjs';

const folder = import.meta.dirname;
const LINK_STATIC = ['-static', '-nostdlib', '-Wl,--build-id=none', '-Wl,-z,noseparate-code', '-s'];
// The programs' lines are defined once, in a header, and not every program calls everything there.
const WARNINGS = ['-Wno-unused-variable', '-Wno-unused-function', '-Wno-array-bounds', '-Wno-stringop-overflow'];
const NAME_WIDTH = 12;

for (const source of filesIn(folder, ['.c'])) {
  const name = basename(source, '.c');
  const program = join(folder, `${name}.elf`);
  execFileSync('gcc', [...COMPILE_FREESTANDING, '-std=gnu11', '-O1', INTEGER_ONLY, ...WARNINGS, ...LINK_STATIC, '-o', program, source], { stdio: 'inherit' });
  const { stdout, status } = spawnSync(program, { encoding: 'latin1', timeout: 10_000 });
  writeFileSync(join(folder, `${name}.txt`), `${stdout}status ${status}\n`);
  process.stdout.write(`${name.padEnd(NAME_WIDTH)} ${stdout.split('\n').length - 1} lines, status ${status}\n`);
}
