import { describe, expect, it } from 'vitest';
import { Subject } from '../src/conformance/subject.js';
import type { CoreDefinition } from '../src/engine.js';

const core: CoreDefinition = {
  id: 'none', title: 'None', exemplar: 'none', mechanism: 'It is never run.', events: [],
  create: () => {
    throw new Error('not needed');
  },
};

describe('deviations', () => {
  const subject = new Subject(core, { deviations: { 'fails on purpose': { reason: 'as it should' }, 'logs something else': { reason: 'by design', log: [1] }, 'a slip of the pen': { reason: 'none' } } });
  // Registered as a test that must fail: vitest reports it if the body passes.
  subject.check('fails on purpose', () => expect(1).toBe(2));
  subject.check('logs something else', () => expect(subject.deviation('logs something else')?.log).toEqual([1]));
  subject.check('passes', () => expect(subject.deviation('passes')).toBeUndefined());

  it('that name no check are reported', () => expect(subject.unknownDeviations()).toEqual(['a slip of the pen']));
  it('and two checks of one name are refused', () => expect(() => subject.check('passes', () => undefined)).toThrow('two checks'));
});
