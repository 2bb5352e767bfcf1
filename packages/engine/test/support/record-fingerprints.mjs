// Writes src/conformance/fingerprints.ts: what each guest of the catalogue leaves behind on a machine that it owns. Run it after a change of the
// guests, on a build whose logs are right; a change of anything else must not change the file.
//
//   node packages/engine/test/support/record-fingerprints.mjs
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { guestImage } from '../../dist/conformance/guest-image.js';
import { GUEST_CHECKS } from '../../dist/conformance/guests/index.js';
import { runGuest, summarize } from '../../dist/conformance/run-guest.js';
import { DirectEngine } from '../../dist/index.js';

const TARGET = fileURLToPath(new URL('../../src/conformance/fingerprints.ts', import.meta.url));
const direct = { create: (options) => new DirectEngine(options, (silicon) => silicon) };

const rows = GUEST_CHECKS.map((check) => `  ${JSON.stringify(check.name)}: '${summarize(runGuest(direct, { image: guestImage(check), memoryBytes: check.memoryBytes }))}',`);
writeFileSync(TARGET, `/**
 * Recorded by test/support/record-fingerprints.mjs: instructions retired, digest of registers and flags, digest of memory, of each guest of the catalogue
 * on a machine that it owns.
 */
export const FINGERPRINTS: Readonly<Record<string, string>> = {
${rows.join('\n')}
};
`);
