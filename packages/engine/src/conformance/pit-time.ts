/**
 * When the timer of a PC acts, in guest instructions: the exact rational arithmetic of PIT_FREQUENCY to INSTRUCTIONS_PER_SECOND, written anew with
 * big integers, because the devices' own arithmetic is what is being tested.
 */
const PIT_HERTZ = 1_193_182n;
const INSTRUCTION_HERTZ = 200_000_000n;

/** Clock pulses of the timer that have come by an instruction number. */
function pulsesAt(instruction: number): bigint { return (BigInt(instruction) * PIT_HERTZ) / INSTRUCTION_HERTZ; }

/** The first instruction before which a pulse has come. */
function instructionOf(pulse: bigint): number { return Number((pulse * INSTRUCTION_HERTZ + PIT_HERTZ - 1n) / PIT_HERTZ); }

/**
 * The instruction number at which OUT of channel 0 rises for the `nth` time (from 1) after `count` was written at instruction `written`: in mode 0, 2
 * and 3 alike, the count is loaded at the next pulse and OUT rises `count` pulses later (8254 data sheet, "Mode Definitions"); in modes 2 and 3 again
 * every `count` pulses.
 */
export function timerEdge(written: number, count: number, nth = 1): number {
  return instructionOf(pulsesAt(written) + 1n + BigInt(count) * BigInt(nth));
}
