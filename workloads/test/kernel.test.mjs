import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { writeArchive } from '../../packages/archive/src/index.ts';
import { core as emulation } from '../../packages/core-emulation/src/index.ts';
import { core as native } from '../../packages/core-native/src/index.ts';
import { core as v386 } from '../../packages/core-v386/src/index.ts';

const KERNEL = new URL('../kernel/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('kernel.json', KERNEL), 'utf8'));
const image = readFileSync(new URL(manifest.image, KERNEL));

const MEMORY_BYTES = 16 << 20;
const BUDGET = 500_000_000;
const NO_INIT = 127;
const FUZZ_CALLS = 3000;
const SLOW_MS = 60_000;
const FILE = 0o100755;
const DIRECTORY = 0o040755;
const LINK = 0o120777;

const program = (id, parent = 'user') => {
  const folder = new URL(`../${parent}/${id}/`, import.meta.url);
  const { image: name, expected } = JSON.parse(readFileSync(new URL('program.json', folder), 'utf8'));
  return { bytes: readFileSync(new URL(name, folder)), stdout: expected.stdout };
};

/** An archive of `[path, mode, content]`, in the format that packages/archive writes, but with modes and paths that it refuses. */
function archive(entries) {
  const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  const member = ([name, mode, content], index) => {
    const fields = [index + 1, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length + 1, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
    return Buffer.concat([padded(Buffer.from(header)), padded(Buffer.from(content))]);
  };
  return Buffer.concat([...entries, ['TRAILER!!!', 0, '']].map(member));
}

function run(commandLine, files, core = native) {
  const console = [];
  const engine = core.create({ memoryBytes: MEMORY_BYTES, onConsole: (byte) => console.push(byte) });
  const modules = files === undefined ? [] : [{ name: 'files', bytes: files }];
  expect(engine.load({ name: 'kernel', format: 'multiboot', bytes: image, commandLine, modules })).toEqual({ ok: true });
  const exit = engine.run(BUDGET);
  return { exit, retired: engine.retired, region: engine.region(), memory: engine.fingerprint().memory, text: Buffer.from(console).toString() };
}

const executable = (path, bytes) => writeArchive([{ kind: 'directory', path: 'bin' }, { kind: 'file', path, bytes, executable: true }]);

/** Runs a program of workloads/proofs; what it says beside its result is thrown away. */
function prove(id, words, core = native) {
  const { bytes, stdout } = program(id, 'proofs');
  return { ...run(`raw stderr=/dev/null init=/bin/${[id, ...words].join(' ')}`, executable(`bin/${id}`, bytes), core), stdout };
}

describe('the lab kernel', () => {
  it('is the image that its manifest describes', () => {
    expect(createHash('sha256').update(image).digest('hex')).toBe(manifest.sha256);
    for (const source of manifest.sources) expect(readFileSync(new URL(`../${source}`, import.meta.url)).length).toBeGreaterThan(0);
  });

  it('says that there is no init and powers off', () => {
    expect(run('raw')).toMatchObject({ exit: { kind: 'power-off', status: NO_INIT }, text: 'init /init: error 2\n' });
  });

  it.each(['fork-exit', 'protection-fault', 'page-touch'])(
    'runs %s with the result that it has under Linux, and twice the same', (id) => {
      const { bytes, stdout } = program(id);
      const files = executable(`bin/${id}`, bytes);
      const first = run(`raw init=/bin/${id}`, files);
      expect(first).toMatchObject({ exit: { kind: 'power-off', status: 0 }, text: stdout });
      expect(first.region?.counts.retired).toBeGreaterThan(0);
      expect(run(`raw init=/bin/${id}`, files)).toEqual(first);
    });

  it('follows a link to a program and hands it its arguments', () => {
    const { bytes } = program('pipe-round-trip');
    const files = writeArchive([
      { kind: 'directory', path: 'bin' }, { kind: 'file', path: 'bin/program', bytes, executable: true }, { kind: 'link', path: 'bin/link', target: 'program' },
    ]);
    expect(run("raw init=/bin/link '1'", files)).toMatchObject({ exit: { kind: 'power-off', status: 0 }, text: expect.stringMatching(/^START\nEND sum=[0-9a-f]{8}\n$/) });
  });

  it.each([
    ['what is no program', [['init', FILE, 'no program']], 'init /init: error 8\n'],
    ['what may not be executed', [['init', 0o100644, '']], 'init /init: error 13\n'],
    ['links that lead to themselves', [['init', LINK, 'init']], 'init /init: error 40\n'],
    ['a script whose interpreter is missing', [['init', FILE, '#!/bin/none\n']], 'init /init: error 2\n'],
    ['a path that leaves the root', [['../init', FILE, '']], 'archive has a path that cannot be, at byte 120\ninit /init: error 2\n'],
  ])('refuses %s', (_what, entries, text) => {
    expect(run('raw', archive(entries))).toMatchObject({ exit: { kind: 'power-off', status: NO_INIT }, text });
  });

  it('survives archives that are cut off or have wrong bytes', () => {
    const whole = archive([['a', DIRECTORY, ''], ['a/b', FILE, 'content'], ['c', LINK, 'a/b']]);
    for (let length = 0; length < whole.length; length += 101) expect(run('raw', whole.subarray(0, length)).exit).toEqual({ kind: 'power-off', status: NO_INIT });
    for (let at = 0; at < whole.length; at += 97) {
      const wrong = Buffer.from(whole);
      wrong[at] ^= 0x15;
      expect(run('raw', wrong).exit).toEqual({ kind: 'power-off', status: NO_INIT });
    }
  });
});

// Longer and on every core: scripts/prove-kernel.mjs.
describe('what the lab kernel withstands', () => {
  it.each(['bad-pointers', 'bad-programs'])('%s ends as under Linux', (id) => {
    const { exit, text, stdout } = prove(id, ['1']);
    expect({ exit, text }).toEqual({ exit: { kind: 'power-off', status: 0 }, text: stdout });
  });

  it('processes that take everything get an error or are killed', () => {
    const { exit, text, stdout } = prove('survival', ['1']);
    // The kernel says whom it kills, on the same console.
    expect({ exit, text: text.replaceAll(/^out of memory: .*\n/gm, '') }).toEqual({ exit: { kind: 'power-off', status: 0 }, text: stdout });
  }, SLOW_MS);

  it.each([1, 2])('system calls at random, from seed %i, leave it alive, on every core after the same number of instructions', (seed) => {
    const [first, ...others] = [native, emulation, v386].map((core) => prove('call-fuzz', [String(FUZZ_CALLS), String(seed)], core));
    expect(first).toMatchObject({ exit: { kind: 'power-off', status: 0 }, text: first.stdout });
    for (const { exit, retired, text } of others) expect({ exit, retired, text }).toEqual({ exit: first.exit, retired: first.retired, text: first.text });
  }, SLOW_MS);
});
