import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guestAmounts } from '../src/difficulty/guest-port.js';
import { measureDifficulty } from '../src/difficulty/measure.js';
import { Modules } from '../src/difficulty/reach.js';
import { readTypeScript } from '../src/difficulty/typescript-source.js';
import { project } from '../src/project.js';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'difficulty-')); });
afterEach(() => rmSync(folder, { recursive: true }));
const put = (path: string, text: string): string => {
  const full = join(folder, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, text);
  return full;
};

describe('a source of TypeScript', () => {
  it('has lines without comments, hooks and states', () => {
    const path = put('a.ts', [
      '/** A comment', ' * of two lines. */', 'export class Machine {', '  readonly fixed = "// no comment";', '  changing = 1; // a comment', '  static shared = 1;', '', '  constructor(private readonly host: unknown, private guest: unknown) {}',
      '  install(dispatcher: { handle(vector: number, handler: () => void): void }, clock: { onTick: () => void }): void {', '    dispatcher.handle(13, () => undefined); /* here', '    too */ clock.onTick = () => undefined;', '    start({ onEnd: () => undefined, onset: () => undefined });', '  }', '}',
    ].join('\n'));
    expect(readTypeScript(path)).toMatchObject({ lines: 11, hooks: 3, states: 2 });
  });
});

describe('the modules that a module needs', () => {
  it('are where its names are defined, without types, data and other packages', () => {
    const packages = join(folder, 'packages');
    const start = put('packages/core-x/src/index.ts', "import { used } from '@ringbench/vmm';\nimport type { Shape } from './shape.js';\nimport data from './data.json';\nimport { isa } from '@ringbench/isa';\nexport const core = [used, data, isa] as unknown as Shape;");
    put('packages/core-x/src/shape.ts', 'export type Shape = 1;');
    put('packages/vmm/src/index.ts', "export { used } from './used.js';\nexport * from './others.js';");
    const used = put('packages/vmm/src/used.ts', "import { deep } from './others.js';\nexport const used = deep;");
    put('packages/vmm/src/others.ts', "export { deep } from './deep.js';\nexport { unused } from './unused.js';");
    const deep = put('packages/vmm/src/deep.ts', 'export const deep = 1;');
    put('packages/vmm/src/unused.ts', 'export const unused = 1;');
    expect(new Modules(packages, (name) => name !== 'isa').reachedFrom(start)).toEqual(new Set([start, used, deep]));
  });
});

describe('a port of the lab kernel', () => {
  it('has what the port of the PC has not', () => {
    put('kernel/kernel.json', JSON.stringify({ port: 'pc', sources: ['kernel/main.c', 'kernel/pc.c'] }));
    put('kernel/kernel-um.json', JSON.stringify({ port: 'um', sources: ['kernel/main.c', 'kernel/um.c', 'kernel/um.S'] }));
    put('kernel/main.c', 'int main;\n');
    put('kernel/pc.c', 'int pc;\n');
    put('kernel/um.c', '/* A comment. */\nint um;\n\nint more; // another\n');
    put('kernel/um.S', '/* A comment\n   of two lines. */\n\tret\n');
    expect(guestAmounts(folder, 'um')).toEqual({ ported: { files: 2, lines: 3 }, shared: { files: 1, lines: 1 } });
    expect(guestAmounts(folder, 'pc').ported).toEqual({ files: 0, lines: 0 });
    expect(() => guestAmounts(folder, 'paravirt')).toThrow('describes the lab kernel\'s port "paravirt"');
  });
});

describe('ringbench difficulty', () => {
  it('says what is missing where there are no sources', async () => {
    await expect(measureDifficulty({ ...project, root: folder }, ['native'])).rejects.toThrow(/the sources of core native are not here.*run the command in a checkout/);
  });
  it('finds nothing in the silicon for what runs on any, and traps for what does not', async () => {
    const measured = await measureDifficulty(project, ['native', 'sbe', 'trap', 'v386', 'paravirt']);
    const changes = Object.fromEntries(measured.map(({ core, silicon }) => [core, Object.values(silicon).flat().length]));
    expect(changes).toMatchObject({ native: 0, sbe: 0, paravirt: 0 });
    expect(changes['trap']).toBeGreaterThan(10);
    expect(changes['v386']).toBeGreaterThan(10);
    expect(measured.filter(({ guest }) => guest.ported.lines > 0).map(({ core }) => core)).toEqual(['paravirt']);
  });
});
