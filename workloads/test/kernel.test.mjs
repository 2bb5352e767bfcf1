import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { writeArchive } from '../../packages/archive/src/index.ts';
import { core as native } from '../../packages/core-native/src/index.ts';
import { registry } from '../../packages/cli/src/registry.ts';
import { blankDisk } from '../../packages/lab-kernel/src/index.ts';
import { elfProgram } from '../../packages/lab-kernel/test/support/tiny-programs.ts';
import { readSession, sessionGuest, sessionInGuest } from '../../scripts/terminal-session.mjs';

const KERNEL = new URL('../kernel/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('kernel.json', KERNEL), 'utf8'));
const image = readFileSync(new URL(manifest.image, KERNEL));

const MANIFESTS = ['kernel.json', 'kernel-paravirt.json', 'kernel-um.json'];
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

function run(commandLine, files, core = native, disks = []) {
  const console = [];
  const engine = core.create({ memoryBytes: MEMORY_BYTES, disks, onConsole: (byte) => console.push(byte) });
  const modules = files === undefined ? [] : [{ name: 'files', bytes: files }];
  expect(engine.load({ name: 'kernel', format: 'multiboot', bytes: image, commandLine, modules })).toEqual({ ok: true });
  const exit = engine.run(BUDGET);
  return { exit, retired: engine.retired, region: engine.region(), memory: engine.fingerprint().memory, text: Buffer.from(console).toString() };
}

const executable = (path, bytes) => writeArchive([{ kind: 'directory', path: 'bin' }, { kind: 'file', path, bytes, executable: true }]);

/** Runs a program of workloads/proofs; what it says beside its result is thrown away. */
function prove(id, words, core = native, disks = []) {
  const { bytes, stdout } = program(id, 'proofs');
  return { ...run(`raw stderr=/dev/null init=/bin/${[id, ...words].join(' ')}`, executable(`bin/${id}`, bytes), core, disks), stdout };
}

describe('the lab kernel', () => {
  it.each(MANIFESTS)('is the image that %s describes', (name) => {
    const { image: file, sha256, sources } = JSON.parse(readFileSync(new URL(name, KERNEL), 'utf8'));
    expect(createHash('sha256').update(readFileSync(new URL(file, KERNEL))).digest('hex')).toBe(sha256);
    for (const source of sources) expect(readFileSync(new URL(`../${source}`, import.meta.url)).length).toBeGreaterThan(0);
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

  it('with `verbose` says at the end which system calls it does not know', () => {
    // MOV EAX, 400; INT 80h; INT 80h with ENOSYS, a number beyond the table; MOV EAX, 1; MOV EBX, 5; INT 80h.
    const bytes = elfProgram([0xb8, 0x90, 0x01, 0, 0, 0xcd, 0x80, 0xcd, 0x80, 0xb8, 1, 0, 0, 0, 0xbb, 5, 0, 0, 0, 0xcd, 0x80]);
    const words = 'system call 400: not implemented, asked for 1 times\nsystem call 511: not implemented, asked for 1 times\n';
    expect(run('raw verbose init=/bin/calls', executable('bin/calls', bytes))).toMatchObject({ exit: { kind: 'power-off', status: 5 }, text: words });
    expect(run('raw init=/bin/calls', executable('bin/calls', bytes)).text).toBe('');
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

const text = (path) => readFileSync(new URL(path, KERNEL), 'utf8');

describe('the ports of the lab kernel', () => {
  const functions = [...text('arch/arch.h').matchAll(/^[^\s/#].*?\b(arch_\w+)\(/gm)].map(([, name]) => name);

  it('have all that is machine-dependent', () => {
    const elsewhere = manifest.sources.filter((source) => source.startsWith('kernel/') && !source.startsWith('kernel/arch/'));
    expect(elsewhere.length).toBeGreaterThan(40);
    for (const source of elsewhere) {
      const found = /#include "(?:pc|ports|layout|page-entry|port-numbers|devices|request)\.h"|\b(?:in|out)[bwl]\b|"(?:cli|sti|hlt|pushf|popf|lgdt|lidt|ltr|invlpg|iret|int)\b|%%cr\d|port_(?:read|write)/.exec(text(`../${source}`));
      expect(found?.[0], source).toBeUndefined();
    }
  });

  it('are told in README.md what each of them has to supply, and nothing else', () => {
    const told = [...text('README.md').matchAll(/^\| (`arch_.*?) \| \S.* \| \S.* \|$/gm)].flatMap(([, cell]) => cell.match(/arch_\w+\*?/g));
    const means = (pattern, name) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern);
    expect(functions.length).toBeGreaterThan(40);
    expect(functions.filter((name) => !told.some((pattern) => means(pattern, name)))).toEqual([]);
    expect(told.filter((pattern) => !functions.some((name) => means(pattern, name)))).toEqual([]);
  });

  it.each(MANIFESTS)('supply all of them, each once, in %s', (name) => {
    const { sources } = JSON.parse(text(name));
    const port = sources.filter((source) => /^kernel\/arch\/.*\.c$/.test(source)).map((source) => text(`../${source}`)).join('\n');
    const definitions = (wanted) => port.match(new RegExp(`^[^\\s/].*\\b${wanted}\\(.*\\{(?:\\}.*)?$`, 'gm'))?.length ?? 0;
    expect(functions.filter((wanted) => definitions(wanted) !== 1)).toEqual([]);
  });
});

describe('a terminal of the lab kernel', () => {
  it('shows for keys what Linux shows: groups, foreground, stopping, going on, orphans', () => {
    const { words, environment, steps, status } = readSession('job-control');
    const { bytes, stdout } = program('job-control', 'proofs');
    const guest = sessionGuest(['/bin/job-control', ...words], environment, [{ kind: 'file', path: 'bin/job-control', bytes, executable: true }]);
    expect(sessionInGuest(native, guest, steps, MEMORY_BYTES)).toMatchObject({ shown: stdout, exit: { kind: 'power-off', status } });
  });
});

// Longer and on every core: scripts/prove-kernel.mjs.
describe('what the lab kernel withstands', () => {
  it.each(['bad-pointers', 'bad-programs'])('%s ends as under Linux', (id) => {
    const { exit, text, stdout } = prove(id, ['1']);
    expect({ exit, text }).toEqual({ exit: { kind: 'power-off', status: 0 }, text: stdout });
  });

  it('a process that waits for the disk leaves the processor to others, and they share the disk', () => {
    const { exit, text, stdout } = prove('disk-sharing', ['1'], native, [blankDisk()]);
    expect({ exit, text }).toEqual({ exit: { kind: 'power-off', status: 0 }, text: stdout });
  });

  it('processes that take everything get an error or are killed', () => {
    const { exit, text, stdout } = prove('survival', ['1']);
    // The kernel says whom it kills, on the same console.
    expect({ exit, text: text.replaceAll(/^out of memory: .*\n/gm, '') }).toEqual({ exit: { kind: 'power-off', status: 0 }, text: stdout });
  }, SLOW_MS);

  it.each([1, 2])('system calls at random, from seed %i, leave it alive', (seed) => {
    const { exit, text, stdout } = prove('call-fuzz', [String(FUZZ_CALLS), String(seed)]);
    expect({ exit, text }).toEqual({ exit: { kind: 'power-off', status: 0 }, text: stdout });
  }, SLOW_MS);

  it('bad pointers end alike on every core, after the same number of instructions', async () => {
    const cores = await Promise.all(registry.pcIds.map((id) => registry.load(id)));
    const [first, ...others] = cores.map((core) => prove('bad-pointers', ['1'], core));
    for (const { exit, retired, text } of others) expect({ exit, retired, text }).toEqual({ exit: first.exit, retired: first.retired, text: first.text });
  }, SLOW_MS);
});
