import { describe, expect, it } from 'vitest';
import type { GuestImage } from '@ringbench/engine';
import { thorough } from '@ringbench/engine/conformance/workloads';
import { guestVisible, observe, start, testImage, type Observation, type Technique } from './support.js';

/** What a random byte is replaced by every now and then: instructions that a monitor has to do with, complete or as prefixes of what follows. */
const LIKELY: readonly (readonly number[])[] = [
  [0xe4], [0xe6], [0xec], [0xee], [0xed], [0xef], [0x6c], [0x6e], [0xf3, 0x6c], [0xf3, 0x6e], [0xf4], [0xfa], [0xfb], [0xfb, 0xf4], [0x9c], [0x9d], [0xcf], [0x17], [0x8e, 0xd0], [0x0f, 0x20],
  [0x0f, 0x22], [0x0f, 0x21], [0x0f, 0x23], [0x0f, 0x30], [0x0f, 0x32], [0x0f, 0x31], [0x0f, 0xa2], [0x0f, 0x00], [0x0f, 0x01], [0x0f, 0x06], [0xcd], [0x66], [0x67], [0xea], [0x9a], [0xcb], [0xc8],
];
/** Where the random part of the image begins (images/chaos.S). */
const AREA = 0x1000;
/** `npm run prove:conformance` takes more. */
const SEEDS = Array.from({ length: thorough ? 40 : 8 }, (_, seed) => seed);

function chaos(seed: number): GuestImage {
  let state = (seed * 2654435761 + 1) | 0;
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const image = Uint8Array.from(testImage('chaos').bytes);
  for (let i = AREA; i < image.length; ) {
    const next = random() % 4 === 0 ? LIKELY[random() % LIKELY.length] : [random() & 0xff];
    for (const byte of next) if (i < image.length) image[i++] = byte;
  }
  return { name: `chaos ${seed}`, format: 'multiboot', bytes: image };
}

function observePieces(technique: Technique, image: GuestImage): Observation[] {
  const { engine, console } = start(technique, image);
  const observations: Observation[] = [];
  for (let piece = 0; piece < 5; piece++) {
    const exit = engine.run(1000 + piece * 1777);
    observations.push(observe(engine, exit, console()));
    if (exit.kind !== 'budget') break;
  }
  return observations;
}

describe('random instructions with interrupts', () => {
  it.each(SEEDS)('seed %i leaves the same guest', (seed) => {
    const image = chaos(seed);
    expect(observePieces('v386', image).map(guestVisible)).toEqual(observePieces('native', image).map(guestVisible));
  }, 30_000);
});
