// The cores that a script runs on. The registry of packages/cli is the only list of them.
import { registry } from '../packages/cli/dist/index.js';

const BAD_INPUT = 2;

/** Ids of the cores of `--core a,b`, or of all whose machine is a PC when there was none. An unknown one ends the process with one line and exit code 2. */
export function chosenCores(given) {
  const ids = given?.split(',') ?? registry.pcIds;
  const unknown = ids.find((id) => !registry.ids.includes(id));
  if (unknown === undefined) return ids;
  process.stderr.write(`no core is called "${unknown}"; there are ${registry.ids.join(', ')}\n`);
  return process.exit(BAD_INPUT);
}

/** The definition of a core (`CoreDefinition` of packages/engine). */
export const loadCore = (id) => registry.load(id);
