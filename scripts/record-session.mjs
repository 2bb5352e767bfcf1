// Records what programs of workloads/proofs show on a terminal of this Linux for the keys of their session.json, as what they must show elsewhere.
//
//   node scripts/record-session.mjs [--check] ID…
//
// --check compares with what is recorded instead. Skipped with a reason where this host has no such terminal.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { WORKLOADS, labProgram } from './lab-guest.mjs';
import { readSession, sessionOnHost, whyNoTerminal } from './terminal-session.mjs';

const SOURCE = 'shown on a terminal under Linux by this image for the keys of session.json';

const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true });

async function record(id) {
  const folder = join(WORKLOADS, 'proofs', id);
  const { manifest } = labProgram('proofs', id);
  const { words, environment, status, steps } = readSession(id);
  const outcome = await sessionOnHost([join(folder, manifest.image), ...words], environment, steps);
  if (outcome.status !== status) throw new Error(`${id} ended with ${outcome.status}: ${outcome.shown}`);
  const isSame = outcome.shown === manifest.expected.stdout;
  if (values.check) process.exitCode = isSame ? process.exitCode : 1;
  else writeFileSync(join(folder, 'program.json'), `${JSON.stringify({ ...manifest, expected: { stdout: outcome.shown, source: SOURCE } }, null, 2)}\n`);
  console.log(`${id} ${isSame ? 'same' : values.check ? `DIFFERS: ${JSON.stringify(outcome.shown)}` : 'recorded'}`);
}

const reason = whyNoTerminal();
if (reason === undefined) {
  for (const id of positionals) await record(id);
} else {
  console.log(`skipped: ${reason}`);
}
