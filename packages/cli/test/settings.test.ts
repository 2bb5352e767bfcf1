import { describe, expect, it } from 'vitest';
import type { CoreDefinition, Setting } from '@ringbench/engine';
import { registry } from '../src/registry.js';

const MEMORY_BYTES = 1 << 20;
/** Values that must be taken: both ends of a range, each word, no and all words of a list. */
function valuesOf({ values }: Setting): readonly string[] {
  if ('least' in values) return [values.least, values.most].map(String);
  return 'listOf' in values ? ['none', ...values.listOf, values.listOf.join('.')] : values;
}

describe.each(registry.ids)('the settings that %s declares', (id) => {
  const load = (): Promise<CoreDefinition> => registry.load(id);

  it('have the default among their values, and are taken with each value', async () => {
    const core = await load();
    for (const setting of core.settings ?? []) {
      if ('least' in setting.values) expect([setting.values.least <= Number(setting.default), setting.values.most >= Number(setting.default)], setting.name).toEqual([true, true]);
      else expect(valuesOf(setting), setting.name).toContain(setting.default);
      for (const value of valuesOf(setting)) expect(() => core.create({ memoryBytes: MEMORY_BYTES, settings: { [setting.name]: value } }), `${setting.name}=${value}`).not.toThrow();
    }
  });

  it('are read: another value of theirs is refused', async () => {
    const core = await load();
    for (const { name } of core.settings ?? []) expect(() => core.create({ memoryBytes: MEMORY_BYTES, settings: { [name]: 'no-such-value' } }), name).toThrow('no-such-value');
  });

  it('include those of its naive mode', async () => {
    const core = await load();
    for (const [name, value] of Object.entries(core.naive ?? {})) expect(core.settings?.filter((setting) => setting.name === name).flatMap(valuesOf), name).toContain(value);
  });
});
