import { beforeAll, describe, expect, it } from 'vitest';
import { consoleWords, expectedLog, guestImage, runGuest, SENSITIVE_CHECKS, type SensitiveCheck } from '@ringbench/engine/conformance';
import type { CoreDefinition, EngineOptions } from '@ringbench/engine';
import { registry } from '../src/registry.js';

/**
 * The matrix of sensitive instructions by technique. `faithful`: the witness logs what the manual says; `traps`: it does not come to its end, because something
 * that should not trap did; `wrong`: it comes to its end with another log, which is the silent failure that Robin and Irvine describe.
 */
type Verdict = 'faithful' | 'traps' | 'wrong';
const BUDGET = 200_000;
/** INT n: the gates of the VMM's own IDT are ring 0's, so that every INT n faults at ring 3 with or without the machine's help. */
const FAITHFUL_WITHOUT_HELP = [15];

function judge(core: CoreDefinition, check: SensitiveCheck, settings?: EngineOptions['settings']): Verdict {
  const run = runGuest(core, { image: guestImage(check), budget: BUDGET, ...(settings === undefined ? {} : { settings }) });
  if (run.exit.kind !== 'power-off') return 'traps';
  const words = consoleWords(run.console);
  return JSON.stringify(words) === JSON.stringify(expectedLog(check, words)) ? 'faithful' : 'wrong';
}

describe('sensitive instructions', () => {
  const cores = new Map<string, CoreDefinition>();
  beforeAll(async () => {
    for (const id of registry.ids) cores.set(id, await registry.load(id));
  });
  const coreOf = (id: string): CoreDefinition => {
    const core = cores.get(id);
    if (core === undefined) throw new Error(`no core is called ${id}`);
    return core;
  };

  it.each(registry.ids)('are faithful under %s', (id) => {
    for (const check of SENSITIVE_CHECKS) expect(judge(coreOf(id), check), check.name).toBe('faithful');
  });

  it('fail where a kernel runs deprivileged on a machine whose sensitive instructions do not trap', () => {
    for (const check of SENSITIVE_CHECKS) {
      const verdict = judge(coreOf('trap'), check, { sensitive: 'naive' });
      if (FAITHFUL_WITHOUT_HELP.includes(check.entry)) expect(verdict, check.name).toBe('faithful');
      else expect(['wrong', 'traps'], check.name).toContain(verdict);
    }
  });
});
