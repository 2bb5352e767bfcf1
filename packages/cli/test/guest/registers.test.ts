import { Flag, STATE_WORDS, storeFlags, Word } from '@ringbench/isa';
import { describe, expect, it } from 'vitest';
import { changedRegisters, flagChanges, flagLetters, registerLines } from '../../src/guest/registers.js';

describe('flags', () => {
  it('are letters, upper case if set; rare ones by name', () => {
    expect(flagLetters(0)).toBe('cpazstido iopl=0');
    expect(flagLetters(Flag.CF | Flag.ZF | Flag.IF | Flag.IOPL | Flag.VM)).toBe('CpaZstIdo iopl=3 VM');
  });
  it('are told by what changed', () => {
    expect(flagChanges(Flag.CF | Flag.ZF, Flag.ZF | Flag.OF)).toBe('-C +O');
    expect(flagChanges(Flag.FIXED, Flag.FIXED | Flag.IOPL | Flag.ID)).toBe('+ID iopl=3');
    expect(flagChanges(0, 0)).toBe('');
  });
});

describe('registers', () => {
  it('are told by what changed, selectors with four digits', () => {
    const before = new Int32Array(STATE_WORDS);
    const after = before.slice();
    after[Word.EAX] = -1;
    after[Word.EIP] = 5;
    after[Word.SELECTOR + 3] = 0x18;
    storeFlags(after, Flag.ZF);
    expect(changedRegisters(before, after)).toEqual({ EAX: 'ffffffff', DS: '0018' });
  });
  it('are all in the dump', () => {
    const dump = registerLines(new Int32Array(STATE_WORDS)).join('\n');
    for (const name of ['EAX', 'ESP', 'EIP', 'EFLAGS', 'CPL', 'CS', 'GS', 'LDTR', 'TR', 'GDTR', 'IDTR', 'CR0', 'CR2', 'CR3', 'CR4']) expect(dump).toMatch(new RegExp(`\\b${name} `));
  });
});
