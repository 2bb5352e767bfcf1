import { describe, expect, it } from 'vitest';
import { coreOption } from '../src/core-option.js';
import { registry } from '../src/registry.js';
import { laboratory } from './fixtures/command.js';

const settingsOf = async (given: Readonly<Record<string, string>>) => (await coreOption(registry, given)).configuration;

describe('--executor of a command with one core', () => {
  it('is a setting of the core like any other', async () => {
    expect(await settingsOf({ core: 'v386' })).toMatchObject({ name: 'v386', settings: {} });
    expect(await settingsOf({ core: 'trap:shadow=drop', executor: 'interpreter' })).toEqual({ core: 'trap', name: 'trap:executor=interpreter:shadow=drop', settings: { executor: 'interpreter', shadow: 'drop' } });
  });
  it('does not contradict the core', async () => {
    await expect(settingsOf({ core: 'native:executor=translator', executor: 'interpreter' })).rejects.toThrow('--executor is interpreter, but --core native takes translator; leave out --executor');
    await expect(settingsOf({ core: 'emulation', executor: 'translator' })).rejects.toThrow('--core emulation takes interpreter');
    expect(await settingsOf({ core: 'emulation', executor: 'interpreter' })).toMatchObject({ name: 'emulation', settings: {} });
  });
  it('is one of those that exist', async () => {
    await expect(settingsOf({ executor: 'translater' })).rejects.toThrow('did you mean "translator"');
  });
});

describe('--executor of run', () => {
  it('reaches the measuring processes and the journal, and is no other core', async () => {
    const lab = laboratory();
    const { code, stderr } = await lab.ringbench('run', '--out', lab.out, '--core', 'steady', '--workload', 'sieve', '--repeat', '1', '--executor', 'interpreter');
    expect(code).toBe(0);
    expect(stderr).toContain('the same executor (interpreter)');
    const [header, observation] = lab.journal();
    expect(header).toMatchObject({ cores: [{ id: 'steady', executor: 'interpreter' }] });
    expect(observation).toMatchObject({ core: 'steady', outcome: 'ok' });
  });
});
