import { describeCore, everyCore, discoverWorkloads, listSuites, loadSuite, unknownName } from '@ringbench/harness';
import type { Arguments, Context } from '../context.js';
import { ExitCode } from '../exit-codes.js';
import { listProfiles, loadProfile } from '../profiles.js';
import { textTable } from '../text-table.js';

interface Listing {
  readonly value: readonly object[];
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

async function listCores({ project }: Context): Promise<Listing> {
  const value = (await Promise.all(project.registry.ids.map((id) => project.registry.load(id)))).map((core) => ({ ...describeCore(core), settings: core.settings ?? [] }));
  return { value, head: ['core', 'technique', 'system', 'executor'], rows: value.map((core) => [core.id, core.title, core.exemplar, core.executor]) };
}

function listWorkloads({ project }: Context): Listing {
  const value = discoverWorkloads(project.workloads).map(({ id, kind, title, why, sha256, checksum, scale, missing }) => (
    { id, kind, title, why, sha256, checksum, scale: scale ?? null, missing: missing === undefined ? null : `${missing.what}; ${missing.remedy}` }));
  return {
    value,
    head: ['workload', 'kind', 'what it is', 'default scale'],
    rows: value.map(({ id, kind, title, scale }) => [id, kind, title, scale === null ? '-' : `${scale.default} ${scale.unit}`]),
  };
}

function listAllSuites({ project }: Context): Listing {
  const value = listSuites(project.suites).map((id) => loadSuite(project.suites, id));
  const cells = (suite: (typeof value)[number]): number => everyCore(suite.cores, project.registry.ids).length * suite.workloads.length * suite.repeat;
  return { value, head: ['suite', 'what it is', 'cells'], rows: value.map((suite) => [suite.id, suite.title, String(cells(suite))]) };
}

function listAllProfiles({ project }: Context): Listing {
  const value = listProfiles(project.profiles).map((id) => loadProfile(project.profiles, id)).map(({ id, title, description, clockMHz }) => ({ id, title, description, clockMHz }));
  return { value, head: ['profile', 'machine', 'MHz'], rows: value.map(({ id, title, clockMHz }) => [id, title, String(clockMHz)]) };
}

const LISTINGS: Readonly<Record<string, (context: Context) => Listing | Promise<Listing>>> = {
  cores: listCores,
  workloads: listWorkloads,
  suites: listAllSuites,
  profiles: listAllProfiles,
};

/** `ringbench list cores|workloads|suites|profiles`. */
export async function list(context: Context, given: Arguments): Promise<ExitCode> {
  const what = String(given['what']);
  const listing = Object.hasOwn(LISTINGS, what) ? LISTINGS[what] : undefined;
  if (listing === undefined) throw unknownName('listing', what, Object.keys(LISTINGS), '`ringbench list`');
  const { value, head, rows } = await listing(context);
  context.output.data(value, () => textTable(head, rows));
  return ExitCode.ok;
}
