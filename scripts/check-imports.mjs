// Checks who imports whom: the order of the layers, no reaching into another package, no node: module where the browser must work, and
// the list of cores in one place only. Exits 1 with one line a violation.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Packages that each may import (CONTRIBUTING.md). `core-*` stands for every core; cores never import each other. */
export const ALLOWED = {
  isa: [],
  machine: ['isa'],
  interpreter: ['isa', 'machine'],
  translator: ['isa', 'machine', 'interpreter'],
  engine: ['isa', 'machine', 'interpreter', 'translator'],
  vmm: ['isa', 'machine', 'interpreter', 'translator', 'engine'],
  host: ['isa', 'machine', 'interpreter', 'translator', 'engine', 'vmm'],
  'core-*': ['isa', 'machine', 'interpreter', 'translator', 'engine', 'vmm', 'host'],
  journal: [],
  archive: [],
  'lab-kernel': ['archive', 'engine'],
  harness: ['engine', 'host', 'journal', 'archive', 'lab-kernel'],
  analysis: ['journal'],
  figures: ['analysis', 'journal'],
  cli: ['isa', 'machine', 'engine', 'core-*', 'archive', 'lab-kernel', 'journal', 'harness', 'analysis', 'figures'],
};
/** Packages that must run without Node. */
const PORTABLE = ['isa', 'machine', 'interpreter', 'translator', 'engine', 'vmm', 'host', 'core-*', 'archive', 'lab-kernel', 'analysis'];
const REGISTRY = join('packages', 'cli', 'src', 'registry.ts');
const IMPORT = /(?:^|[^\w.])(?:import|export)\s(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

const layerOf = (name) => (name.startsWith('core-') ? 'core-*' : name);

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(path);
    else if (entry.name.endsWith('.ts')) yield path;
  }
}

function checkSpecifier(specifier, name, file, packageFolder) {
  if (specifier.startsWith('node:')) return PORTABLE.includes(layerOf(name)) ? `${name} must run without Node, but imports ${specifier}` : undefined;
  if (specifier.startsWith('.')) {
    const target = resolve(file, '..', specifier);
    return target.startsWith(packageFolder + sep) ? undefined : `${specifier} leaves the package`;
  }
  const internal = /^@ringbench\/([^/]+)(\/.*)?$/.exec(specifier);
  if (internal === null || internal[1] === name) return undefined;
  const allowed = ALLOWED[layerOf(name)] ?? [];
  return allowed.includes(layerOf(internal[1])) ? undefined : `${name} may not import ${internal[1]}`;
}

/** Every violation below a project's root, as `file: what`. */
export function findViolations(root) {
  const violations = [];
  const packages = readdirSync(join(root, 'packages'));
  const cores = packages.filter((name) => name.startsWith('core-')).map((name) => name.slice('core-'.length));
  const branchesOnCore = new RegExp(`[!=]==?\\s*['"](?:${cores.join('|')})['"]|case\\s+['"](?:${cores.join('|')})['"]`);
  for (const name of packages) {
    const packageFolder = join(root, 'packages', name);
    if (ALLOWED[layerOf(name)] === undefined) violations.push(`packages/${name}: not in the list of layers, add it to scripts/check-imports.mjs`);
    for (const file of sourceFiles(join(packageFolder, 'src'))) {
      const text = readFileSync(file, 'utf8');
      const shown = relative(root, file);
      for (const match of text.matchAll(IMPORT)) {
        const problem = checkSpecifier(match[1] ?? match[2], name, file, packageFolder);
        if (problem !== undefined) violations.push(`${shown}: ${problem}`);
      }
      if (shown !== REGISTRY && branchesOnCore.test(text)) violations.push(`${shown}: branches on a core's name; that belongs in the registry or in the core`);
    }
  }
  return violations;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const violations = findViolations(fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, ''));
  for (const violation of violations) console.error(violation);
  if (violations.length > 0) process.exitCode = 1;
  else console.log('imports: every package imports only from the layers below it');
}
