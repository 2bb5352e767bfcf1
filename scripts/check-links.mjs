// Checks the documents: every relative link leads to a file, every fragment to a heading, and every path of the repository that is named in code
// marks exists. Exits 1 with one line a defect. Addresses on the network are not asked for.
//   node scripts/check-links.mjs
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', '.git', 'results']);
const FENCE = /^ *(```|~~~)[^]*?^ *\1 *$/gm;
const CODE = /`([^`\n]+)`/g;
const LINK = /!?\[[^\]]*\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g;
const HEADING = /^#{1,6}\s+(.+?)\s*#*$/gm;
/** What code marks name when they name a file or folder of this repository. A pattern (`*`, `ID`, `NAME`, `…`) is not a path. */
const REPOSITORY_PATH = /^(?:packages|docs|scripts|workloads|benchmarks)\/[\w./-]+$/;
const PLACEHOLDER = /\b(?:ID|NAME)\b/;

function* documentsIn(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) yield* documentsIn(join(folder, entry.name));
    else if (entry.isFile() && entry.name.endsWith('.md')) yield join(folder, entry.name);
  }
}

/** The fragment that GitHub gives a heading. */
export function fragmentOf(heading) {
  return heading.toLowerCase().replaceAll(/[^\p{Letter}\p{Number}\s_-]/gu, '').replaceAll(' ', '-');
}

function fragmentsOf(text) {
  const seen = new Map();
  const fragments = new Set();
  for (const [, heading] of text.replace(FENCE, '').matchAll(HEADING)) {
    const fragment = fragmentOf(heading);
    const before = seen.get(fragment) ?? 0;
    seen.set(fragment, before + 1);
    fragments.add(before === 0 ? fragment : `${fragment}-${before}`);
  }
  return fragments;
}

function checkLink(target, document, text) {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined;
  const [path, fragment] = target.split('#');
  const file = path === '' ? document : resolve(dirname(document), decodeURIComponent(path));
  if (!existsSync(file)) return `link to ${target}, which does not exist`;
  if (fragment === undefined) return undefined;
  const there = file === document ? text : readFileSync(file, 'utf8');
  return fragmentsOf(there).has(fragment) ? undefined : `link to ${target}: no such heading`;
}

/** Every defect of the documents below a folder, as `file: what`. */
export function findBrokenLinks(root) {
  const defects = [];
  for (const document of documentsIn(root)) {
    const text = readFileSync(document, 'utf8');
    const prose = text.replace(FENCE, '');
    const report = (defect) => defect !== undefined && defects.push(`${relative(root, document)}: ${defect}`);
    for (const [, target] of prose.replace(CODE, '').matchAll(LINK)) report(checkLink(target, document, text));
    for (const [, code] of prose.matchAll(CODE)) {
      if (REPOSITORY_PATH.test(code) && !PLACEHOLDER.test(code) && !existsSync(join(root, code))) report(`names ${code}, which does not exist`);
    }
  }
  return defects;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const defects = findBrokenLinks(fileURLToPath(new URL('..', import.meta.url)));
  for (const defect of defects) console.error(defect);
  if (defects.length > 0) process.exitCode = 1;
  else console.log('documents: every link and every named path exists');
}
