// Runs generated hostile programs on the cores: guests that try to get out of their memory, to keep the processor, and to see what is not their own. Each must
// see what it sees in a machine of its own, give the processor back when its budget is spent, and leave the pages of a neighbour as they are.
//
//   node scripts/fuzz/hostile.mjs [--programs N] [--seed S] [--core a,b] [--executor interpreter] [--json]
//
// N programs (1,000 unless told). Exit code 1 when a core differs or fails, with the smallest programs that show it; 2 when the arguments are bad.
import { runCampaign } from './campaign.mjs';
import { fuzzOptions } from './options.mjs';

const PROGRAMS = 1000;

process.exitCode = await runCampaign('hostile', fuzzOptions('hostile', PROGRAMS));
