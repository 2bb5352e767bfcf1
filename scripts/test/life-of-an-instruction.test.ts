import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../show-instruction.mjs', import.meta.url));
const DOCUMENT = fileURLToPath(new URL('../../docs/life-of-an-instruction.md', import.meta.url));
const PRINTED = /^```\n\$ node scripts\/show-instruction\.mjs (.+)\n[^]*?^```$/gm;

/** `npx vitest run scripts/test/life-of-an-instruction.test.ts -u` accepts new output. */
test('docs/life-of-an-instruction.md shows what the script prints', async () => {
  const text = readFileSync(DOCUMENT, 'utf8');
  expect([...text.matchAll(PRINTED)]).toHaveLength(2);
  const current = text.replace(PRINTED, (_block, words: string) => {
    const printed = execFileSync(process.execPath, [SCRIPT, ...words.split(' ')], { encoding: 'utf8' });
    return `\`\`\`\n$ node scripts/show-instruction.mjs ${words}\n${printed}\`\`\``;
  });
  await expect(current).toMatchFileSnapshot(DOCUMENT);
});
