import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { InputProblem, SeededRandom, discoverWorkloads, listSuites, loadSuite, readImageFile, recipeFor, assembleGuest, requireLoadable } from '../src/index.js';
import type { Guest, Workload } from '../src/index.js';
import { addKernel, addProgram, addWorkload, loadableImage, scratchFolder } from './fixtures/scratch.js';

const SUITE = { id: 's', title: 'S', cores: ['native'], workloads: [{ id: 'noop' }], repeat: 2, budget: 1000, samples: 0 };
let folder = '';

beforeEach(() => {
  folder = scratchFolder();
});

function load(content: unknown): unknown {
  writeFileSync(join(folder, 's.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return loadSuite(folder, 's');
}

describe('loadSuite', () => {
  it('loads by id and by path, and fills in the memory', () => {
    expect(load(SUITE)).toEqual({ ...SUITE, memoryMiB: 64 });
    expect(loadSuite('/nowhere', join(folder, 's.json'))).toEqual({ ...SUITE, memoryMiB: 64 });
    expect(listSuites(folder)).toEqual(['s']);
  });

  it.each([
    [{ ...SUITE, repeet: 1 }, 'did you mean "repeat"?'],
    [{ ...SUITE, repeat: undefined, repeet: 2 }, 'did you mean "repeat"?'],
    [{ ...SUITE, repeat: 0 }, '"repeat"'],
    [{ ...SUITE, budget: 1.5 }, '"budget"'],
    [{ ...SUITE, samples: undefined }, '"samples"'],
    [{ ...SUITE, cores: [] }, '"cores"'],
    [{ ...SUITE, cores: ['native', 'native'] }, 'names a core twice'],
    [{ ...SUITE, cores: ['../native'] }, '"cores.0"'],
    [{ ...SUITE, workloads: [{ id: 'noop', scale: -1 }] }, '"workloads.0.scale"'],
    [{ ...SUITE, workloads: [{ id: 'noop' }, { id: 'noop' }] }, 'names a workload twice'],
    ['{', 'is not JSON'],
    ['[]', 'expected object'],
  ])('refuses %j in one line', (content, words) => {
    expect(() => load(content)).toThrow(InputProblem);
    expect(() => load(content)).toThrow(words);
  });

  it('suggests the suite that was meant', () => {
    writeFileSync(join(folder, 'quick.json'), '');
    expect(() => loadSuite(folder, 'qick')).toThrow('unknown suite "qick" in --suite; did you mean "quick"?');
  });

  it('does not wait for a pipe, and reads no folder and no flood', () => {
    execFileSync('mkfifo', [join(folder, 'pipe.json')]);
    mkdirSync(join(folder, 'folder.json'));
    writeFileSync(join(folder, 'flood.json'), ' '.repeat((1 << 20) + 1));
    expect(() => loadSuite(folder, 'pipe')).toThrow('is not a file');
    expect(() => loadSuite(folder, 'folder')).toThrow('is not a file');
    expect(() => loadSuite(folder, 'flood')).toThrow('larger than');
    expect(() => loadSuite(folder, './missing.json')).toThrow('cannot read suite ./missing.json (ENOENT); check the path');
    expect(() => loadSuite(folder, 'zero\0byte.json')).toThrow(InputProblem);
  });

  it('takes any damage for the user\'s problem', () => {
    const random = new SeededRandom(386);
    const whole = JSON.stringify(SUITE);
    const scraps = ['"', '{', '}', '[', ']', ',', ':', '-1', '1e400', 'null', '"__proto__"', '\u0000', '\u2028', '\ud800'];
    for (let round = 0; round < 1500; round++) {
      const at = random.below(whole.length);
      const text = whole.slice(0, at) + (scraps[random.below(scraps.length)] ?? '') + whole.slice(at + random.below(8));
      try {
        load(text);
      } catch (error) {
        if (!(error instanceof InputProblem)) throw error;
        expect(error.message).not.toMatch(/[\n\r\u2028]/);
      }
    }
  });
});

describe('discoverWorkloads', () => {
  it('finds every folder with a manifest, in order', () => {
    addWorkload(folder, 'b');
    addWorkload(folder, 'a');
    mkdirSync(join(folder, 'common'));
    expect(discoverWorkloads(folder).map(({ id, imagePath }) => [id, imagePath])).toEqual([['a', join(folder, 'a/image.elf')], ['b', join(folder, 'b/image.elf')]]);
  });

  it.each([
    [{ id: 'other' }, 'name it like its folder'],
    [{ image: '../../etc/passwd' }, 'leaves the workload'],
    [{ image: '/etc/passwd' }, 'leaves the workload'],
    [{ image: '.' }, 'leaves the workload'],
    [{ sha256: 'xyz' }, '"sha256"'],
    [{ checksum: '0x12345678' }, '"checksum"'],
    [{ scale: { default: -1, unit: 'x' } }, '"scale.default"'],
    [{ why: 1 }, '"why"'],
  ])('refuses a manifest with %j', (fields, words) => {
    addWorkload(folder, 'a', fields);
    expect(() => discoverWorkloads(folder)).toThrow(words);
  });

  it('says that a folder is missing', () => {
    expect(() => discoverWorkloads(join(folder, 'missing'))).toThrow('ENOENT');
  });
});

describe('programs for the lab kernel', () => {
  const discover = (): readonly Workload[] => discoverWorkloads(join(folder, 'workloads'));
  const only = (): Workload => {
    const [workload] = discover();
    if (workload === undefined) throw new Error('no workload');
    return workload;
  };
  beforeEach(() => addKernel(join(folder, 'workloads')));

  it('are found beside the bare guests, with the answer of their expected output', () => {
    addWorkload(join(folder, 'workloads'), 'b');
    addProgram(join(folder, 'workloads'), 'user', 'a');
    addProgram(join(folder, 'workloads'), 'real', 'c');
    expect(discover().map(({ id, kind, checksum }) => [id, kind, checksum])).toEqual([['a', 'program', '0a1b2c3d'], ['b', 'bare', expect.any(String)], ['c', 'program', '0a1b2c3d']]);
  });
  it('have an identity in which kernel, program and files count', () => {
    const identities = new Set<string>();
    const [workloads] = [join(folder, 'workloads')];
    addProgram(workloads, 'user', 'a');
    identities.add(only().sha256);
    addKernel(workloads, 'another kernel');
    identities.add(only().sha256);
    addProgram(workloads, 'user', 'a', { sha256: '1'.repeat(64) });
    identities.add(only().sha256);
    addProgram(workloads, 'user', 'a', { files: [{ name: 'data', sha256: '2'.repeat(64) }] });
    identities.add(only().sha256);
    expect(identities.size).toBe(4);
  });
  it('become a guest: kernel, archive, command line, and a disk if they need one', () => {
    addProgram(join(folder, 'workloads'), 'user', 'a', { needs: 'block-device', arguments: ['x y'] }, { data: 'content' });
    const { image, disks } = assembleGuest('a', recipeFor(only(), 9));
    expect(image.commandLine).toMatch(/ init=\/bin\/a 'x y' 9$/);
    expect(Buffer.from(image.bytes).toString()).toContain('kernel');
    expect(Buffer.from(image.modules?.[0]?.bytes ?? []).toString()).toMatch(/bin\/a[^]*program a[^]*data[^]*content/);
    expect(disks.map((disk) => disk.length)).toEqual([2 << 20]);
  });
  it('must be what the manifests say', () => {
    addProgram(join(folder, 'workloads'), 'user', 'a', { sha256: '1'.repeat(64) });
    expect(() => assembleGuest('a', recipeFor(only(), 9))).toThrow(/has SHA-256 .*, its manifest says 1111/);
  });
  it('may have to be fetched', () => {
    addProgram(join(folder, 'workloads'), 'real', 'a', { image: '.cache/tool', fetch: 'node scripts/fetch.mjs' });
    expect(only()).toMatchObject({ name: 'tool', imagePath: join(folder, '.cache/tool'), missing: { what: 'its program .cache/tool is not here', remedy: 'fetch it with `node scripts/fetch.mjs`' } });
    mkdirSync(join(folder, '.cache'));
    writeFileSync(join(folder, '.cache/tool'), 'x');
    expect(only().missing).toBeUndefined();
  });
  it.each([
    [{ expected: { stdout: 'START\n' } }, '"expected.stdout": must have a line "END sum="'],
    [{ image: '../b/image.elf' }, 'leaves the workload'],
    [{ files: [{ name: '../../x', sha256: '1'.repeat(64) }] }, '"files" leaves the workload'],
    [{ needs: 'magic' }, '"needs"'],
    [{ id: 'other' }, 'name it like its folder'],
  ])('a manifest with %j is refused', (fields, words) => {
    addProgram(join(folder, 'workloads'), 'user', 'a', fields);
    expect(discover).toThrow(words);
  });
  it('an id that comes twice is refused', () => {
    addProgram(join(folder, 'workloads'), 'user', 'a');
    addWorkload(join(folder, 'workloads'), 'a');
    expect(discover).toThrow('two workloads in');
  });
  it('a missing kernel is one line', () => {
    addProgram(join(folder, 'workloads'), 'user', 'a');
    rmSync(join(folder, 'workloads/kernel'), { recursive: true });
    expect(discover).toThrow(InputProblem);
  });
});

describe('readImageFile', () => {
  it('reads the image that the manifest names, and no other', () => {
    addWorkload(folder, 'a');
    const [workload] = discoverWorkloads(folder);
    if (workload === undefined) throw new Error('no workload');
    const { imagePath: path, sha256 } = workload;
    expect(Buffer.from(readImageFile({ path, sha256 })).toString()).toContain('image of a');
    writeFileSync(path, 'another');
    expect(() => readImageFile({ path, sha256 })).toThrow('rebuild the workload or restore the committed image');
    expect(() => readImageFile({ path: join(folder, 'gone'), sha256 })).toThrow('ENOENT');
    expect(() => readImageFile({ path: folder, sha256 })).toThrow('is not a file');
  });
});

describe('requireLoadable', () => {
  const guestOf = (bytes: Uint8Array): Pick<Guest, 'image'> => ({ image: { name: 'noop/image.elf', format: 'multiboot', bytes } });
  const memory = 4 << 20;

  it('accepts an image that fits', () => {
    expect(() => requireLoadable(guestOf(loadableImage('code')), memory)).not.toThrow();
  });
  it.each([
    ['cut off in its header', loadableImage('').subarray(0, 20), memory, /noop\/image\.elf cannot be loaded: it ends within/],
    ['something else', Buffer.from('no image at all'), memory, /no Multiboot header/],
    ['larger than memory', loadableImage('x'.repeat(4 << 20)), memory, /needs memory up to .* give it more/],
  ])('refuses an image that is %s', (_what, bytes, memoryBytes, problem) => {
    expect(() => requireLoadable(guestOf(bytes), memoryBytes)).toThrow(InputProblem);
    expect(() => requireLoadable(guestOf(bytes), memoryBytes)).toThrow(problem);
  });
});
