import { describe, expect, it } from 'vitest';
import { buildImage, firstDifference, generateProgram, observe, type ProfileName, type Program, type ProgramImage } from '@ringbench/engine/programs';
import { registry } from '../src/registry.js';

/** A slice of what `npm run prove:differential` and `npm run prove:hostile` do with more seeds. */
const SLICES: readonly (readonly [profile: ProfileName, images: readonly number[]])[] = [['mixed', [1, 101]], ['hostile', [1]]];
const PROGRAMS = 12;
const NEIGHBOUR_PAGES = 64;

const imageFrom = (seed: number, profile: ProfileName): ProgramImage => buildImage(Array.from({ length: PROGRAMS }, (_, index) => generateProgram(seed + index, profile)));

describe.each(SLICES)('generated %s programs', (profile, seeds) => {
  it.each(registry.pcIds.filter((id) => id !== 'native'))('show on %s what they show in a machine of their own', async (id) => {
    const [native, core] = await Promise.all(['native', id].map((name) => registry.load(name)));
    for (const seed of seeds) {
      const image = imageFrom(seed, profile);
      expect(native && core && firstDifference(observe(native, image), observe(core, image, { neighbourPages: NEIGHBOUR_PAGES })), `seed ${seed}`).toBeUndefined();
    }
  });
});

/** The least programs that once differed, and what they were about. Seeds and kinds name the same code as long as the pieces' own code stays. */
const MENDED: readonly (readonly [what: string, programs: readonly Program[]])[] = [
  ['a far call that crosses the end of the address space', [{ seed: 142, pieces: [{ kind: 'bad-stacks', seed: 309762793 }, { kind: 'privileged', seed: 3876055826 }] }]],
  ['SGDT to an address that is aligned by four, with alignment checks', [{ seed: 26843, pieces: [{ kind: 'control-registers', seed: 3233072907 }, { kind: 'sensitive-reads', seed: 209867413 }] }]],
  ['a reset behind which a single-step trap finds no handler', [{ seed: 55072, pieces: [{ kind: 'remap', seed: 867773918 }, { kind: 'single-steps', seed: 2709554027 }] }]],
  ['FRSTOR of selectors that have the number of a shadow descriptor', [{ seed: 52747, pieces: [{ kind: 'strings', seed: 2267611692 }] }, { seed: 52753, pieces: [{ kind: 'x87', seed: 712334379 }] }]],
  ['a piece behind a load of CR3 that goes on in the middle of an instruction', [{ seed: 5539, pieces: [{ kind: 'segment-loads', seed: 3238698619 }] }, { seed: 5541, pieces: [{ kind: 'paging-on', seed: 4073171181 }, { kind: 'paging-switches', seed: 799991736 }, { kind: 'control-registers', seed: 868287821 }] }]],
];
it.each(MENDED)('%s: every core is as native', async (_, programs) => {
  const image = buildImage(programs);
  const [native, ...others] = await Promise.all(registry.pcIds.map((id) => registry.load(id)));
  for (const core of others) expect(native && firstDifference(observe(native, image), observe(core, image, { neighbourPages: NEIGHBOUR_PAGES })), core.id).toBeUndefined();
});

it('find a technique that lets sensitive instructions through', async () => {
  const [native, trap] = await Promise.all(['native', 'trap'].map((name) => registry.load(name)));
  const image = imageFrom(1, 'mixed');
  expect(native && trap?.naive && firstDifference(observe(native, image), observe(trap, image, { settings: trap.naive }))).toMatch(/^(look|end)/);
});
