// Writes the derived fields of workloads/real/ID/program.json: digests, and the output of the same binary and script on this host.
//
//   node scripts/record-real.mjs [--check]
//
// --check  changes nothing and fails where a manifest says something else. Without BusyBox (scripts/fetch-busybox.mjs) it skips with that reason.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const REAL = join(ROOT, 'workloads', 'real');
const digest = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** What BusyBox says of itself, without the date. */
const versionOf = (busybox) => execFileSync(busybox, { encoding: 'utf8' }).split(' multi-call', 1)[0];

/** The manifest as it ought to be. */
function recorded(id, manifest) {
  const busybox = join(ROOT, manifest.image);
  const script = join(REAL, id, 'run.sh');
  const stdout = execFileSync(busybox, ['ash', script, busybox, String(manifest.scale.default)], { encoding: 'utf8', env: { PATH: '' } });
  return {
    ...manifest,
    sha256: digest(busybox),
    package: versionOf(busybox),
    files: [{ name: 'run.sh', sha256: digest(script) }],
    expected: { stdout, source: 'the same binary and script under Linux' },
  };
}

const isCheck = process.argv.includes('--check');
for (const id of readdirSync(REAL).filter((name) => existsSync(join(REAL, name, 'program.json')))) {
  const path = join(REAL, id, 'program.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  if (!existsSync(join(ROOT, manifest.image))) {
    console.log(`${id}: skipped, ${manifest.image} is not here; ${manifest.fetch} fetches it`);
    continue;
  }
  const now = recorded(id, manifest);
  const isSame = JSON.stringify(now) === JSON.stringify(manifest);
  if (!isSame && !isCheck) writeFileSync(path, `${JSON.stringify(now, null, 2)}\n`);
  if (!isSame && isCheck) process.exitCode = 1;
  console.log(`${id}: ${isSame ? 'as recorded' : isCheck ? 'DIFFERS' : 'recorded'}`);
}
