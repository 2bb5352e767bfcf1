import { describe, expect, it } from 'vitest';
import type { CoreDefinition } from '@ringbench/engine';
import { configurationName, configurationOf, describeCore, parseConfiguration, requireSettings } from '../src/index.js';

describe('the name of a configuration', () => {
  it('holds the core and its settings, in one order', () => {
    expect(parseConfiguration('trap')).toEqual({ name: 'trap', core: 'trap', settings: {} });
    expect(parseConfiguration('dynamic-sbe:mirrors=1:branches=in-page')).toEqual({ name: 'dynamic-sbe:branches=in-page:mirrors=1', core: 'dynamic-sbe', settings: { branches: 'in-page', mirrors: '1' } });
    expect(configurationName('trap', { shadow: 'drop' })).toBe('trap:shadow=drop');
  });
  it.each(['', ':', 'trap:', 'trap:shadow', 'trap:shadow=', 'trap:=drop', 'trap:a=1:a=2', 'trap a=1', 'trap:a=b=c', 'trap:a=1,b', `trap:a=${'x'.repeat(130)}`, 'trap:a=1\n', '=1', 'trap:__proto__=1'])('is not %j', (text) => {
    expect(parseConfiguration(text)).toBeUndefined();
    expect(() => configurationOf(text)).toThrow('is not the name of a configuration');
  });
});

const CORE: CoreDefinition = {
  id: 'trap', title: 'T', exemplar: 'E', mechanism: 'M', events: [],
  settings: [
    { name: 'shadow', meaning: 'how', default: 'sync', values: ['sync', 'drop'] },
    { name: 'mirrors', meaning: 'how many', default: '16', values: { least: 1, most: 64 } },
    { name: 'layers', meaning: 'which', default: 'none', values: { listOf: ['trace', 'overlay'] } },
  ],
  create: () => { throw new Error('not made here'); },
};

describe('settings', () => {
  const check = (name: string, core: CoreDefinition = CORE) => (): void => requireSettings(core, configurationOf(name), 'suite s');
  it('are taken when the core declares them', () => {
    expect(check('trap')).not.toThrow();
    expect(check('trap:mirrors=64:shadow=drop')).not.toThrow();
    expect(check('trap:layers=overlay.trace')).not.toThrow();
    expect(check('trap:layers=none')).not.toThrow();
  });
  it.each([
    ['trap:shado=drop', 'unknown setting of trap "shado" in suite s; did you mean "shadow"?'],
    ['trap:shadow=dorp', 'unknown value of shadow "dorp" in suite s (trap:shadow=dorp); did you mean "drop"?'],
    ['trap:mirrors=0', 'mirrors is 0 in suite s (trap:mirrors=0); give a whole number from 1 to 64'],
    ['trap:mirrors=65', 'mirrors is 65'],
    ['trap:layers=trace.trce', 'unknown word of layers "trce"'],
    ['trap:layers=trace.trace', 'layers is trace.trace in suite s (trap:layers=trace.trace); give each word once'],
    ['trap:mirrors=1.5', 'mirrors is 1.5'],
    ['trap:mirrors=1e1', 'mirrors is 1e1'],
  ])('refuse %s', (name, message) => {
    expect(check(name)).toThrow(message);
  });
  it('of a core that declares none are all unknown', () => {
    const { settings: _, ...bare } = CORE;
    expect(check('trap:shadow=drop', bare)).toThrow('unknown setting of trap "shadow" in suite s; there are none');
  });
});

describe('what a journal says of a configuration', () => {
  it('is the core, its settings, and the executor that they name', () => {
    expect(describeCore(CORE)).toEqual({ id: 'trap', title: 'T', exemplar: 'E', mechanism: 'M', executor: 'translator' });
    expect(describeCore(CORE, configurationOf('trap:shadow=drop'))).toMatchObject({ id: 'trap:shadow=drop', core: 'trap', settings: { shadow: 'drop' }, executor: 'translator' });
    expect(describeCore(CORE, configurationOf('trap:executor=interpreter')).executor).toBe('interpreter');
    expect(describeCore({ ...CORE, executor: 'interpreter' }).executor).toBe('interpreter');
  });
});
