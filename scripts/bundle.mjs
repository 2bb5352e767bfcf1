// Makes one bundle of our built modules, which the command loads in place of them as long as it is current (packages/cli/src/bundle.ts): a quarter of the time from
// process start to a guest's first instruction. What other packages supply stays where it is.
//
//   node scripts/bundle.mjs
//
// Needs a build. Does nothing if the bundle is current.
import { existsSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { INPUTS_FILE, isBundleCurrent } from '../packages/cli/dist/bundle.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const modules = resolve(root, 'packages/cli/dist');
const folder = resolve(modules, 'bundle');
const ENTRIES = ['command', 'cell'];
/** `packages/NAME`, and what the compiler writes there. */
const PACKAGE_DEPTH = 2;
const BUILD_FILE = 'tsconfig.tsbuildinfo';

const portable = (path) => path.split(sep).join('/');
const fromBundle = (path) => portable(relative(folder, path));
const isOurs = (path) => path.startsWith(resolve(root, 'packages') + sep) && !path.includes(`${sep}node_modules${sep}`);

/** Leaves modules of other packages out, named by their place as seen from the bundle: each of our packages has dependencies of its own, which the command's has not. */
const leaveOthers = {
  name: 'leave-others',
  setup({ onResolve, resolve: find }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      if (isBuiltin(path)) return { path, external: true };
      if (pluginData === 'found') return undefined;
      const found = await find(path, { importer, resolveDir, kind, pluginData: 'found' });
      if (found.errors.length > 0) return { errors: found.errors };
      const place = realpathSync(found.path);
      return isOurs(place) ? { path: place } : { path: fromBundle(place), external: true };
    });
  },
};
/** A module that looks for files beside itself finds them where it was built. */
const keepPlaces = {
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      return { contents: text.replaceAll('import.meta.url', `new URL(${JSON.stringify(fromBundle(path))}, import.meta.url).href`), loader: 'js' };
    });
  },
};

async function bundle() {
  const made = `${folder}.${process.pid}`;
  const { metafile } = await build({
    absWorkingDir: root, entryPoints: ENTRIES.map((name) => resolve(modules, `${name}.js`)), outdir: made,
    bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', metafile: true, logLevel: 'warning', plugins: [leaveOthers, keepPlaces],
  });
  const inputs = Object.keys(metafile.inputs);
  const builds = new Set(inputs.map((name) => resolve(root, ...name.split('/').slice(0, PACKAGE_DEPTH), BUILD_FILE)));
  writeFileSync(resolve(made, INPUTS_FILE), JSON.stringify(Object.fromEntries([...builds].map((path) => [fromBundle(path), statSync(path).mtimeMs]))));
  // A reader in between finds no bundle and loads the modules.
  rmSync(folder, { recursive: true, force: true });
  renameSync(made, folder);
  return inputs.length;
}

if (!existsSync(resolve(modules, 'bundle.js'))) throw new Error(`nothing is built in ${relative(root, dirname(modules))}`);
if (!isBundleCurrent(pathToFileURL(folder + sep))) console.log(`bundled ${await bundle()} modules`);
