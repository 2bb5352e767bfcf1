import { describe, expect, it, test } from 'vitest';
import { Flag } from '@ringbench/isa';
import { DirectEngine, type CoreDefinition, type EngineOptions, type EventCounts } from '@ringbench/engine';
import { at, CODE_ADDRESS, DS, EAX, EBX, ECX, EDI, EDX, ES, ESI, ESP, GS, KernelGuest, Page, PAGE_BYTES, pageEntry, runGuest, SCRATCH, Selector, summarize } from '@ringbench/engine/conformance';
import { core } from '../src/index.js';

const native: CoreDefinition = { ...core, id: 'native', create: (options) => new DirectEngine(options, (silicon) => silicon) };
const PLAIN = Page.PRESENT | Page.WRITABLE | Page.USER;
const OTHER = SCRATCH + PAGE_BYTES;
const NO_MEMORY = 0x40000000;
const REP_MOVSB = [0xf3, 0xa4] as const;
/** PUSHF; POP EAX; NOP; RET: it shows the silicon's flags if it runs natively, where IF is set and the guest's is not. */
const SHOW_FLAGS = [0x9c, 0x58, 0x90, 0xc3] as const;
const MOV_EAX = 0xb8;
const SHOW_FLAGS_WORD = 0xc390589c | 0;

type Settings = NonNullable<EngineOptions['settings']>;
const POLICIES: readonly Settings[] = [
  {}, { branches: 'in-page', 'scan-depth': 0 }, { branches: 'trap-all', 'scan-depth': 1 }, { mirrors: 1 }, { mirrors: 2, 'scan-depth': 0 }, { invalidation: 'all', shadow: 'drop' }, { 'user-code': 'direct' },
];

/** Runs a guest on the machine itself and scanned under every policy; all must agree. The counts under the first. */
function runOnAll(body: (guest: KernelGuest) => unknown, policies = POLICIES): EventCounts {
  const guest = new KernelGuest();
  guest.enablePaging();
  body(guest);
  const image = guest.build();
  const expected = runGuest(native, { image });
  expect(expected.exit).toEqual({ kind: 'power-off', status: 0 });
  const runs = policies.map((settings) => runGuest(core, { image, settings }));
  for (const [index, run] of runs.entries()) {
    const policy = JSON.stringify(policies[index]);
    expect(run.exit, policy).toEqual(expected.exit);
    expect(run.console, policy).toEqual(expected.console);
    expect(summarize(run), policy).toBe(summarize(expected));
  }
  return runs[0].counts;
}

/** Copies the code between two labels to an address. */
function copyCode(guest: KernelGuest, label: string, bytes: number, to: number): void {
  guest.mov(ESI, label).mov(EDI, to).mov(ECX, bytes).cld().raw(...REP_MOVSB);
}

describe('code that is jumped into', () => {
  /** MOV EAX with SHOW_FLAGS as its constant. */
  const hiding = (guest: KernelGuest) => guest.routine('hide', (inner) => inner.raw(MOV_EAX).label('inside').raw(...SHOW_FLAGS).ret());

  it('in the middle of a scanned instruction, by a computed branch', () => {
    runOnAll((guest) => hiding(guest).call('hide').log(EAX).mov(EBX, 'inside').call(EBX).log(EAX).call('hide').log(EAX).call(EBX).log(EAX));
  });

  /** RET to an address, with this above its return address on the stack. */
  const returnTo = (guest: KernelGuest, target: string | number, returning: string, ...above: number[]) => {
    guest.push(returning);
    for (const value of above) guest.push(value);
    return guest.push(target).ret().label(returning);
  };

  it.each([
    ['POPF', [0x9d, 0x90, 0x90, 0xc3], [Flag.FIXED | Flag.IOPL]],
    ['SGDT [EBX]', [0x0f, 0x01, 0x03, 0xc3], []],
    ['PUSH ES; POP EAX', [0x06, 0x58, 0x90, 0xc3], []],
  ] as const)('by RET, where the constant of an instruction is %s', (_, constant, above) => {
    runOnAll((guest) => {
      guest.routine('hide', (inner) => inner.raw(MOV_EAX).label('inside').raw(...constant).ret()).mov(EBX, SCRATCH);
      for (let time = 0; time < 3; time++) {
        guest.call('hide').log(EAX);
        returnTo(guest, 'inside', `returned ${time}`, ...above).log(EAX).logMemory(SCRATCH).logMemory(SCRATCH + 4).logFlags(Flag.IF | Flag.IOPL);
      }
    });
  });

  it('by RET, in the last instruction of its page', () => {
    runOnAll((guest) => {
      // MOV EAX, 589C0000h with PUSHF; POP EAX at its end, which is that of the page; RET in the next one.
      guest.movByte(at(OTHER - 5), MOV_EAX).mov(at(OTHER - 4), 0x589c0000).movByte(at(OTHER), 0xc3).mov(EBX, OTHER - 5);
      for (let time = 0; time < 3; time++) {
        guest.call(EBX).log(EAX);
        returnTo(guest, OTHER - 2, `returned ${time}`).log(EAX);
      }
    });
  });

  it('by RET, where an instruction that begins in its middle goes on over a breakpoint', () => {
    runOnAll((guest) => {
      // MOV EAX, 25FFFFFFh; PUSHF; POP EAX; NOP; NOP; RET. From the 25h on: AND EAX, 9090589Ch; RET.
      guest.routine('hide', (inner) => inner.raw(MOV_EAX, 0xff, 0xff, 0xff).label('inside').raw(0x25, 0x9c, 0x58, 0x90, 0x90, 0xc3));
      for (let time = 0; time < 3; time++) {
        guest.call('hide').log(EAX).mov(EAX, -1);
        returnTo(guest, 'inside', `returned ${time}`).log(EAX);
      }
    });
  });

  it('by RET, in a page of data, which is no mirror and has its translation', () => {
    runOnAll((guest) => {
      guest.mov(at(SCRATCH), SHOW_FLAGS_WORD);
      for (let time = 0; time < 3; time++) {
        returnTo(guest, SCRATCH, `returned ${time}`).log(EAX);
        // What was code is data again.
        guest.mov(at(SCRATCH + 4), time);
      }
    });
  });

  it('by a static branch of the page, and of another', () => {
    runOnAll((guest) => {
      hiding(guest);
      for (let time = 0; time < 3; time++) guest.call('hide').log(EAX).call('inside').log(EAX);
      guest.jmp('elsewhere').align(PAGE_BYTES).label('elsewhere');
      for (let time = 0; time < 3; time++) guest.mov(ECX, 3).label(`again ${time}`).call('hide').log(EAX).call('inside').log(EAX).decrementAndJump(`again ${time}`);
    });
  });

  /** A page of code at SCRATCH that calls `target` in another page, by a static branch, and returns; its address in EBX. */
  const caller = (guest: KernelGuest, target: number) => guest.movByte(at(SCRATCH), 0xe8).mov(at(SCRATCH + 1), target - SCRATCH - 5).movByte(at(SCRATCH + 5), 0xc3).mov(EBX, SCRATCH);

  it('where the page to which a released branch leads becomes another, in which its target is the middle of an instruction', () => {
    const counts = runOnAll((guest) => {
      // OTHER is four NOPs and RET in one page, MOV EAX with hidden bytes and RET in the next. The branch leads to its second byte.
      hiding(guest).setPage(OTHER, (OTHER + PAGE_BYTES) | PLAIN);
      copyCode(guest, 'hide', 6, OTHER);
      guest.setPage(OTHER, OTHER | PLAIN).mov(at(OTHER), 0x90909090 | 0).movByte(at(OTHER + 4), 0xc3).mov(EDX, OTHER);
      caller(guest, OTHER + 1);
      for (let time = 0; time < 3; time++) guest.clear(EAX).call(EDX).call(EBX).log(EAX);
      guest.setPage(OTHER, (OTHER + PAGE_BYTES) | PLAIN);
      for (let time = 0; time < 3; time++) guest.call(EDX).log(EAX).call(EBX).log(EAX);
    });
    expect(counts['scan.release']).toBeGreaterThanOrEqual(1);
  });

  it('by a branch that was released before it was taken, to a page that was data till then', () => {
    runOnAll((guest) => {
      // JZ to OTHER; RET, in a page of its own.
      guest.mov(at(OTHER), SHOW_FLAGS_WORD).movWord(at(SCRATCH), 0x840f).mov(at(SCRATCH + 2), OTHER - SCRATCH - 6).movByte(at(SCRATCH + 6), 0xc3).mov(EBX, SCRATCH);
      for (let time = 0; time < 3; time++) guest.mov(EAX, at(OTHER)).alu('or', EBX, 0).call(EBX).log(EAX);
      guest.alu('cmp', EBX, EBX).call(EBX).log(EAX);
    });
  });

  it('after an instruction that the VMM interpreted has unmapped the page', () => {
    runOnAll((guest) => {
      // INC EAX; RET: the first runs natively.
      guest.movWord(at(OTHER), 0xc340);
      caller(guest, OTHER);
      // A selector in the lower half of the entry: the page is not present. In between is nothing that has the VMM empty the TLBs.
      guest.attempt((inner) => inner.call(EBX).call(EBX).call(EBX).mov(at(pageEntry(OTHER)), DS).invlpg(at(OTHER)).call(EBX));
    });
  });

  it('as 16-bit code, of which other bytes are instructions', () => {
    runOnAll((guest) => {
      // MOV EAX, 589C0000h; RET. As 16-bit code: MOV AX, 0; PUSHF; POP AX; RET, to a far JMP back.
      guest.routine('both', (inner) => inner.align(PAGE_BYTES).label('code').raw(MOV_EAX, 0, 0, 0x9c, 0x58, 0xc3).label('back').raw(0x66, 0xea).long('wide again').word(Selector.KERNEL_CODE));
      const base = guest.addressOf('code');
      const descriptor = guest.addressOf('global table') + Selector.SHORT_CODE;
      guest.mov(at(descriptor), 0xffff | (base << 16)).mov(at(descriptor + 4), (base >>> 16) | 0x9b00).call('code').log(EAX);
      guest.mov(EDX, ESP).raw(0x66, 0x68).word(guest.addressOf('back') - base).jmpFar(Selector.SHORT_CODE, 0).label('wide again').mov(ESP, EDX).alu('and', EAX, 0xffff).log(EAX);
    });
  });
});

describe('code that is written', () => {
  const victim = (guest: KernelGuest) => guest.routine('victim', (inner) => inner.align(PAGE_BYTES).label('victim code').raw(0x90, 0x90, 0x90, 0xc3).align(PAGE_BYTES));
  const twice = (guest: KernelGuest, write: () => unknown) => {
    guest.call('victim code').log(EAX);
    write();
    guest.call('victim code').log(EAX);
  };

  it('from another page, through another linear address, by a string instruction, and by instructions that the VMM interprets', () => {
    const counts = runOnAll((guest) => {
      victim(guest);
      twice(guest, () => guest.mov(at('victim code'), SHOW_FLAGS_WORD));
      twice(guest, () => guest.mov(at('victim code'), 0xc3909090 | 0));
      twice(guest, () => guest.mov(EBX, 'victim code').alu('and', EBX, -PAGE_BYTES).alu('or', EBX, PLAIN).mov(at(pageEntry(SCRATCH)), EBX).invlpg(at(SCRATCH)).mov(at(SCRATCH), SHOW_FLAGS_WORD));
      twice(guest, () => guest.mov(at(OTHER), 0xc3909090 | 0).mov(ESI, OTHER).mov(EDI, 'victim code').mov(ECX, 4).cld().raw(...REP_MOVSB));
      twice(guest, () => guest.mov(EDX, ESP).lea(ESP, at('victim code')).alu('add', ESP, 4).raw(0x68, ...SHOW_FLAGS).mov(ESP, EDX));
      // SGDT writes the limit, whose low byte is no RET; what it left is put right.
      twice(guest, () => guest.sgdt(at('victim code')).mov(at('victim code'), SHOW_FLAGS_WORD));
    });
    expect(counts['scan.invalidation']).toBeGreaterThanOrEqual(4);
  });

  it('right behind the instruction that writes it, in the same page', () => {
    const counts = runOnAll((guest) => {
      // PUSHF; POP EAX; NOP; NOP in place of four NOPs.
      guest.mov(ECX, 5).label('again').clear(EAX).mov(at('next'), 0x9090589c | 0).label('next').raw(0x90, 0x90, 0x90, 0x90).log(EAX).mov(at('next'), 0x90909090 | 0).decrementAndJump('again');
    });
    expect(counts['scan.own-store']).toBeGreaterThanOrEqual(5);
  });

  it('again and again with data of its own page: each store is an event, and the guest gets on', () => {
    const rounds = 50;
    const counts = runOnAll((guest) => {
      guest.mov(ECX, rounds).jmp('count').align(8).label('counter here').long(0).label('count').inc(at('counter here')).decrementAndJump('count').logMemory('counter here');
    });
    expect(counts['scan.own-store']).toBeGreaterThanOrEqual(rounds);
    expect(counts['vmm.exit']).toBeLessThan(20 * rounds);
  });
});

describe('data accesses to code', () => {
  it('find the guest\'s own bytes', () => {
    const counts = runOnAll((guest) => {
      guest.mov(ESI, CODE_ADDRESS).mov(ECX, 2 * PAGE_BYTES).clear(EAX, EBX).label('sum').movzxByte(EBX, at(ESI)).alu('add', EAX, EBX).shift('rol', EAX, 3).inc(ESI).decrementAndJump('sum').log(EAX);
    });
    expect(counts['scan.data-fill']).toBeGreaterThanOrEqual(1);
  });

  it('of an instruction to its own first byte are no fetch', () => {
    runOnAll((guest) => guest.label('self').mov(EAX, at('self')).log(EAX).mov(EBX, 'self').alu('add', at('self'), 0).log(EBX));
  });
});

describe('fetches', () => {
  it('fault as natively, at first and after they succeeded', () => {
    runOnAll((guest) => {
      guest.routine('remote', (inner) => inner.movByte(at(SCRATCH), 0xc3).ret()).call('remote').mov(EBX, SCRATCH);
      guest.movByte(at(OTHER), 0xe9).mov(at(OTHER + 1), SCRATCH - OTHER - 5).mov(EDX, OTHER);
      for (let time = 0; time < 3; time++) guest.call(EBX).call(EDX).log(EBX);
      guest.setPage(SCRATCH, 0).attempt((inner) => inner.call(EBX)).attempt((inner) => inner.call(EDX));
      guest.setPage(SCRATCH, SCRATCH | Page.PRESENT | Page.WRITABLE).call(EDX).log(EDX);
      guest.attemptInRing3((inner) => inner.call(EDX));
    });
  });

  it('of instructions across two pages find the second where the guest has it, present or not', () => {
    runOnAll((guest) => {
      // MOV EAX, 12345678h; RET in the last two bytes of a page and the first of the next.
      guest.movWord(at(SCRATCH + PAGE_BYTES - 2), 0x78b8).mov(at(OTHER), 0xc3123456 | 0).mov(EBX, SCRATCH + PAGE_BYTES - 2).call(EBX).log(EAX);
      guest.mov(at(OTHER + PAGE_BYTES), 0xc3abcdef | 0).setPage(OTHER, (OTHER + PAGE_BYTES) | PLAIN).call(EBX).log(EAX);
      guest.setPage(OTHER, 0).attempt((inner) => inner.call(EBX));
    });
  });

  it('where there is no memory find ones, the last of which begins an instruction of the next page', () => {
    runOnAll((guest) => {
      guest.setPage(SCRATCH, NO_MEMORY | PLAIN).movWord(at(OTHER), 0xc3c0).mov(EBX, SCRATCH + PAGE_BYTES - 1).mov(EAX, 41).call(EBX).log(EAX);
      guest.movWord(at(OTHER), 0xc3f0).attempt((inner) => inner.mov(EAX, 'left').call(EBX).label('left').log(EAX));
      guest.mov(EBX, SCRATCH).attempt((inner) => inner.jmp(EBX));
    });
  });
});

describe('programs that run unscanned', () => {
  it('load segment registers that stay what they loaded', () => {
    runOnAll((guest) => {
      guest.mov(at(SCRATCH), 0x5ca7).attemptInRing3((inner) => inner.push(DS).pop(ES).push(0).pop(EDX).mov(EAX, ES).mov(GS, EAX).mov(EDI, SCRATCH).raw(0x65, 0xa1).long(SCRATCH).rdtsc().raw(0x26, 0x8b, 0x1d).long(SCRATCH)).log(EBX).mov(EAX, GS).log(EAX);
      guest.attemptInRing3((inner) => inner.clear(EAX).mov(GS, EAX).rdtsc().raw(0x65, 0xa1).long(SCRATCH));
      guest.mov(EAX, GS).log(EAX);
    });
  });
});

test('settings that do not exist are mistakes of ours', () => {
  for (const [setting, value] of [['branches', 'none'], ['mirrors', 0], ['mirrors', 'many'], ['scan-depth', -1], ['user-code', 'off'], ['invalidation', 'none'], ['shadow', 'none']]) {
    expect(() => core.create({ memoryBytes: 2 << 20, settings: { [setting]: value } })).toThrow(String(value));
  }
});
