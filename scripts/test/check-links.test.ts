import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findBrokenLinks, fragmentOf } from '../check-links.mjs';

describe('check-links', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'links-'));
    mkdirSync(join(root, 'docs'));
    writeFileSync(join(root, 'docs', 'a.md'), '# One thing: `x.ts`\n\n## Twice\n\n## Twice\n');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const defectsOf = (text: string): string[] => {
    writeFileSync(join(root, 'README.md'), text);
    return findBrokenLinks(root);
  };

  test.each([
    'a [file](docs/a.md) and a [folder](docs/)', '[heading](docs/a.md#one-thing-xts) [second](docs/a.md#twice-1)', '# Here\n[here](#here)',
    '[out](https://example.org/nothing)', 'in code `[no](link.md)`, in a fence\n```\n[no](link.md) `docs/none.md`\n```\n', '`docs/a.md`, patterns `docs/*.md` and `packages/core-ID/src`',
  ])('accepts %j', (text) => {
    expect(defectsOf(text)).toEqual([]);
  });
  test.each([
    ['[file](docs/b.md)', 'README.md: link to docs/b.md, which does not exist'],
    ['![picture](docs/images/none.png)', 'README.md: link to docs/images/none.png, which does not exist'],
    ['[heading](docs/a.md#two)', 'README.md: link to docs/a.md#two: no such heading'],
    ['[here](#there)', 'README.md: link to #there: no such heading'],
    ['`docs/none.md`', 'README.md: names docs/none.md, which does not exist'],
  ])('reports %j', (text, defect) => {
    expect(defectsOf(text)).toEqual([defect]);
  });
  test('makes the fragments that GitHub makes', () => {
    expect(fragmentOf('6.13 What an exit does')).toBe('613-what-an-exit-does');
  });

  test('finds nothing in this repository', () => {
    expect(findBrokenLinks(fileURLToPath(new URL('../..', import.meta.url)))).toEqual([]);
  });
});
