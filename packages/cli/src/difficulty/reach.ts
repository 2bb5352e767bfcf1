import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readTypeScript, type TypeScriptSource } from './typescript-source.js';

const SCOPE = '@ringbench/';

/** The modules that a module needs when it runs. Files that only pass names on (`index.ts`) are looked through: what counts is where a name is defined. */
export class Modules {
  /**
   * @param packages the folder of the project's packages.
   * @param isCounted whether a package, by its folder's name, is of interest; others are not entered.
   * @param known what has been read, for who asks in several ways.
   */
  constructor(private readonly packages: string, private readonly isCounted: (name: string) => boolean, private readonly known = new Map<string, TypeScriptSource>()) {}

  source(path: string): TypeScriptSource {
    const known = this.known.get(path);
    if (known !== undefined) return known;
    const source = readTypeScript(path);
    this.known.set(path, source);
    return source;
  }

  /** Paths of the modules of interest that run when `start` does, itself included. */
  reachedFrom(start: string): ReadonlySet<string> {
    const reached = new Set<string>();
    const left = [start];
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      if (reached.has(path)) continue;
      reached.add(path);
      for (const { from, name } of this.source(path).imports) left.push(...this.definitions(path, from, name));
    }
    return reached;
  }

  /** Where a name that a module imports is defined. */
  private definitions(importer: string, from: string, name: string): readonly string[] {
    const path = this.pathOf(importer, from);
    if (path === undefined) return [];
    if (name === '*') return [path, ...this.source(path).exports.flatMap(({ source }) => (source === undefined ? [] : this.definitions(path, source.from, source.name)))];
    const { exports } = this.source(path);
    const named = exports.find((one) => one.name === name);
    if (named !== undefined) return named.source === undefined ? [path] : this.definitions(path, named.source.from, named.source.name);
    return exports.filter((one) => one.name === '*').flatMap(({ source }) => (source === undefined ? [] : this.definitions(path, source.from, name)));
  }

  /** Source of a module by how it is named in an import; undefined for those that are not of interest, and for data. */
  private pathOf(importer: string, from: string): string | undefined {
    if (from.startsWith('.')) return from.endsWith('.js') ? join(dirname(importer), from.replace(/\.js$/, '.ts')) : undefined;
    if (!from.startsWith(SCOPE)) return undefined;
    const [name = '', ...folder] = from.slice(SCOPE.length).split('/');
    if (!this.isCounted(name)) return undefined;
    const path = join(this.packages, name, 'src', ...folder, 'index.ts');
    if (!existsSync(path)) throw new Error(`${importer} imports ${from}, whose source is not ${path}`);
    return path;
  }
}
