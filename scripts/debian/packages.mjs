// Fetches i386 packages of the Debian release that this machine follows, and unpacks them below .cache/debian. Nothing of it is ever committed.
// apt gets a state folder of its own, so that the machine's own list of architectures stays as it is.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CACHE = fileURLToPath(new URL('../../.cache/debian', import.meta.url));
const TOOLS = ['apt-get', 'apt-cache', 'dpkg-deb'];
/** Depends on the newest 32-bit kernel without PAE. */
const KERNEL = 'linux-image-686';
const BUSYBOX = 'busybox-static';

/** Why Debian's packages cannot be had here, or undefined. */
function whyNotDebian() {
  const missing = TOOLS.find((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error !== undefined);
  return missing === undefined ? undefined : `${missing} is not installed; this needs a Debian system with network`;
}

function aptEnvironment() {
  const state = join(CACHE, 'apt');
  for (const folder of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(state, folder), { recursive: true });
  const configuration = join(state, 'apt.conf');
  writeFileSync(configuration, [
    `Dir::State "${state}";`, `Dir::State::lists "${join(state, 'lists')}";`, 'Dir::State::status "/dev/null";', `Dir::Cache "${join(state, 'cache')}";`,
    'APT::Architecture "i386";', '#clear APT::Architectures;', 'APT::Architectures { "i386"; };', 'APT::Sandbox::User "root";', '',
  ].join('\n'));
  return { ...process.env, APT_CONFIG: configuration };
}

/** Runs a tool; its complaints become the error's message. */
function run(command, args, options = {}) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}: ${String(error.stderr ?? error.message).trim()}`, { cause: error });
  }
}

function newestKernel(env) {
  const name = /Depends: (linux-image-[\w.+-]+)/.exec(run('apt-cache', ['depends', KERNEL], { env }))?.[1];
  if (name === undefined) throw new Error(`${KERNEL} names no kernel; does this release of Debian still have i386?`);
  return name;
}

function unpack(archive) {
  const folder = join(CACHE, archive.replace(/\.deb$/, ''));
  if (!existsSync(folder)) run('dpkg-deb', ['-x', join(CACHE, archive), folder]);
  return folder;
}

const archiveOf = (name) => readdirSync(CACHE).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));

/** Fetches a package unless it is there already; its unpacked folder. */
function fetchPackage(name, env) {
  if (archiveOf(name) === undefined) run('apt-get', ['download', name], { cwd: CACHE, env });
  return unpack(archiveOf(name));
}

/** The static BusyBox alone: its path and its package's name. Fetched once. */
export function fetchBusybox() {
  mkdirSync(CACHE, { recursive: true });
  const env = aptEnvironment();
  if (archiveOf(BUSYBOX) === undefined) spawnSync('apt-get', ['update'], { env, stdio: 'ignore' });
  return { path: join(fetchPackage(BUSYBOX, env), 'bin/busybox'), package: archiveOf(BUSYBOX) };
}

/**
 * The kernel and the static BusyBox of Debian's i386 release: `{ kernel, busybox }` with bytes and the packages' names. Fetched once; `onStep` is told
 * what takes its time.
 */
export function fetchGuests(onStep = () => undefined) {
  mkdirSync(CACHE, { recursive: true });
  const env = aptEnvironment();
  const known = readdirSync(CACHE).find((file) => /^linux-image-.*\.deb$/.test(file));
  if (known === undefined) {
    onStep('fetching the list of packages');
    // An index that is being renewed makes apt-get fail, although everything that is needed is there: what follows tells.
    spawnSync('apt-get', ['update'], { env, stdio: 'ignore' });
    onStep('fetching kernel and BusyBox');
  }
  const kernelPackage = known === undefined ? newestKernel(env) : known.slice(0, known.indexOf('_'));
  const kernelFolder = fetchPackage(kernelPackage, env);
  const image = readdirSync(join(kernelFolder, 'boot')).find((file) => file.startsWith('vmlinuz'));
  return {
    kernel: { path: join(kernelFolder, 'boot', image), package: archiveOf(kernelPackage) },
    busybox: { bytes: readFileSync(join(fetchPackage(BUSYBOX, env), 'bin/busybox')), package: archiveOf(BUSYBOX) },
  };
}

/** What `fetch` gives, as `{ guests }`, or `{ reason }` where Debian's packages cannot be had: no Debian, or no network. */
export function obtain(fetch) {
  const reason = whyNotDebian();
  if (reason !== undefined) return { reason };
  try {
    return { guests: fetch() };
  } catch (error) {
    return { reason: `Debian's packages cannot be fetched: ${error.message}` };
  }
}
