// Throughput against time since the process was started: how long it takes until a machine is as fast as it gets.
import { fileURLToPath } from 'node:url';
import { seededRandom } from '../../../packages/analysis/dist/index.js';
import { imagePath } from './kernels.mjs';
import { MEMORY_MIB } from './machines.mjs';
import { runUntil } from './measure.mjs';
import { progress } from './options.mjs';
import { shuffled } from './plan.mjs';
import { spread } from './summary.mjs';

const GUEST = fileURLToPath(new URL('warm-up-guest.mjs', import.meta.url));
const WARM_UP_KERNEL = 'coremark-like';
/** Machines whose instructions can be counted while they run. */
export const WATCHABLE = ['translator', 'interpreter', 'v86-translator', 'v86'];
const WINDOW_MS = 50;
const WINDOWS = 60;
const INSTRUCTIONS_PER_MS_AND_MIPS = 1000;

async function watch(peer, deadlineMs) {
  const started = performance.timeOrigin + performance.now();
  let text = '';
  const found = await runUntil([process.execPath, [GUEST, peer, imagePath(WARM_UP_KERNEL), String(MEMORY_MIB << 20), String(started), String(WINDOW_MS), String(WINDOWS)]], {
    deadlineMs,
    onText: (part) => {
      text += part;
      return text.endsWith('\n') ? JSON.parse(text) : undefined;
    },
  });
  if (found === undefined) throw new Error(`warm-up: ${peer} ran out of time`);
  return { peer, ...found };
}

/** `{ [peer]: { firstInstructionMs, mips } }`: medians of the rounds, MIPS of each window. */
export function summarizeWarmUp(runs, peers) {
  return Object.fromEntries(peers.map((peer) => {
    const own = runs.filter((run) => run.peer === peer);
    const mips = own[0].instructions.map((_, window) => spread(own.map(({ instructions }) => instructions[window])).median / WINDOW_MS / INSTRUCTIONS_PER_MS_AND_MIPS);
    return [peer, { firstInstructionMs: spread(own.map(({ firstInstructionMs }) => firstInstructionMs)), mips }];
  }));
}

/** Watches each of `peers` in `rounds` processes, in shuffled order. */
export async function measureWarmUp({ peers, rounds, seed, deadlineMs }) {
  const random = seededRandom(seed, 'order of the warm-ups');
  const runs = [];
  for (let round = 0; round < rounds; round++) {
    for (const peer of shuffled(peers, random)) {
      progress(`warm-up ${round + 1}/${rounds}: ${peer}`);
      runs.push(await watch(peer, deadlineMs));
    }
  }
  progress('');
  return { kernel: WARM_UP_KERNEL, windowMs: WINDOW_MS, peers, runs, summary: summarizeWarmUp(runs, peers) };
}
