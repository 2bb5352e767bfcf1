// Runs generated kernel-mode programs on the cores, all of them unless told, and compares everything that their guests show at every look with `native`.
//
//   node scripts/fuzz/differential.mjs [--programs N] [--seed S] [--core a,b] [--executor interpreter] [--json]
//
// N programs (2,000 unless told). Exit code 1 when a core differs, with the smallest programs that show it; 2 when the arguments are bad.
import { runCampaign } from './campaign.mjs';
import { fuzzOptions } from './options.mjs';

const PROGRAMS = 2000;

process.exitCode = await runCampaign('mixed', fuzzOptions('differential', PROGRAMS));
