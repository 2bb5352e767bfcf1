import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UNBUNDLED } from '../src/bundle.js';
import { REAL_COMMAND, startNode } from './fixtures/command.js';

const IMAGE = fileURLToPath(new URL('../../../workloads/noop/image.elf', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../../workloads/user/null-syscall/image.elf', import.meta.url));
const LIST_MODULES = pathToFileURL(fileURLToPath(new URL('fixtures/list-modules.mjs', import.meta.url))).href;
/** What takes milliseconds to load and is not needed before a guest's first instruction. */
const LATER = ['/zod/', '/iced-x86/', '/cli-table3/', '/cli-progress/', '/vega', '/packages/analysis/', '/packages/figures/', '/packages/harness/dist/index.js'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringbench-start-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** URLs of all modules that a command loads up to the end of a run of one guest instruction. */
async function modulesOf(...words: readonly string[]): Promise<readonly string[]> {
  const list = join(folder, `${words[0]}.txt`);
  const { code } = await startNode(REAL_COMMAND, [...words], { env: { ...process.env, NODE_OPTIONS: `--import=${LIST_MODULES}`, MODULE_LIST: list, [UNBUNDLED]: '1' } }).ended;
  expect(code).toBe(3);
  return readFileSync(list, 'utf8').trim().split('\n');
}

describe('up to a guest\'s first instruction', () => {
  it.each([['boot', '--multiboot', IMAGE, '--max-instructions', '1'], ['exec', '--max-instructions', '1', PROGRAM]])('%s loads nothing that it does not need yet', async (...words) => {
    const modules = await modulesOf(...words);
    expect(modules.filter((url) => url.includes('/packages/translator/')).length).toBeGreaterThan(0);
    expect(modules.filter((url) => LATER.some((part) => url.includes(part)))).toEqual([]);
  });
  it('boot loads one core and no other', async () => {
    const modules = await modulesOf('boot', '--core', 'native', '--multiboot', IMAGE, '--max-instructions', '1');
    expect(modules.filter((url) => /\/packages\/(core-(?!native)|vmm|host)/.test(url))).toEqual([]);
  });
});
