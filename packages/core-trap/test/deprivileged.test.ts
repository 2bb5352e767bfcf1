import { describe, expect, it, test } from 'vitest';
import { CPU_MODEL_NAMES, Vector, Word } from '@ringbench/isa';
import { DirectEngine, type Engine, type EngineOptions, type GuestImage } from '@ringbench/engine';
import { Assembler, at, CODE_ADDRESS, CR0, DR0, DR7, EAX, EBP, EBX, ECX, EDI, ES, ESI, ESP, multibootImage } from '@ringbench/engine/conformance';
import { core } from '../src/index.js';

const MEMORY_BYTES = 2 << 20;
const POWER_OFF = 0xf4;
const STACK = 0x150000;

const native = (options: EngineOptions): Engine => new DirectEngine(options, (silicon) => silicon);
const imageOf = (code: Assembler): GuestImage => ({ name: 'guest', format: 'multiboot', bytes: multibootImage(code.assemble()) });
function started(create: (options: EngineOptions) => Engine, image: GuestImage, options: Partial<EngineOptions> = {}): Engine {
  const engine = create({ memoryBytes: MEMORY_BYTES, ...options });
  expect(engine.load(image)).toEqual({ ok: true });
  return engine;
}

describe('what traps, and nothing else', () => {
  it('sensitive and privileged instructions are interpreted; the rest runs directly', () => {
    const code = new Assembler(CODE_ADDRESS).mov(ESP, STACK).mov(ECX, 1000).label('again').alu('add', EAX, ECX).decrementAndJump('again').pushfd().popfd().cli().sti().rdtsc().cpuid().outByte(POWER_OFF, 0);
    const engine = started((options) => core.create(options), imageOf(code));
    expect(engine.run(10_000)).toEqual({ kind: 'power-off', status: 0 });
    // PUSHF, POPF, CLI, STI, RDTSC, OUT.
    expect(engine.counts()).toMatchObject({ 'vmm.interpreted': 6, direct: engine.retired - 6, 'exception.13': 6 });
  });

  it('pushes and ESP of a 16-bit stack keep the upper half of ESP', () => {
    // A 16-bit data segment in SS at entry 1 of a table of the guest's own.
    const code = new Assembler(CODE_ADDRESS).jmp('go').align(8).label('table').raw(0, 0, 0, 0, 0, 0, 0, 0).raw(0xff, 0xff, 0, 0, 0, 0x93, 0, 0).label('pointer').word(15).long('table');
    code.label('go').raw(0x0f, 0x01, 0x15).long('pointer').mov(EAX, 8).raw(0xbc).long(0x12348000).raw(0x8e, 0xd0).pushfd().mov(EBX, 0).push(EAX).pushfd().outByte(POWER_OFF, 0);
    const [expected, actual] = [native, (options: EngineOptions) => core.create(options)].map((create) => {
      const engine = started(create, imageOf(code));
      return [engine.run(100), engine.retired, engine.fingerprint()];
    });
    expect(actual).toEqual(expected);
  });
});

describe('code whose segments no mode of ring 3 has is interpreted', () => {
  const FAR = 0x180000;
  /** A handler of real mode's exceptions: MOV AL, status; OUT F4h, AL. */
  const HANDLER = 0x10000;
  const endWith = (status: number): number => 0xf4e600b0 | (status << 8);
  /** PE off and no far jump: flat 32-bit code goes on in real mode, where a vector leads to the handler. */
  const realMode = (vector: number): Assembler =>
    new Assembler(CODE_ADDRESS).jmp('go').label('vectors').word(0x3ff).long(0).label('go').lidt(at('vectors')).mov(ESP, STACK).mov(at(vector * 4), HANDLER << 12).mov(at(HANDLER), endWith(vector)).mov(EAX, CR0).alu('and', EAX, -2).mov(CR0, EAX);
  /** Runs it natively and here; what the guest leaves must be equal. */
  function onBoth(code: Assembler, status: number): Engine {
    const image = imageOf(code.outByte(POWER_OFF, 0));
    const [expected, actual] = [native, (options: EngineOptions) => core.create(options)].map((create) => {
      const engine = started(create, image);
      return { exit: engine.run(100), retired: engine.retired, fingerprint: engine.fingerprint(), engine };
    });
    expect(expected?.exit).toEqual({ kind: 'power-off', status });
    expect({ ...actual, engine: undefined }).toEqual({ ...expected, engine: undefined });
    return actual.engine;
  }

  it('real mode stores through CS, and through a segment that was loaded read-only', () => {
    const code = new Assembler(CODE_ADDRESS).jmp('go').align(8).label('table').long(0).long(0).raw(0xff, 0xff, 0, 0, 0, 0x91, 0xcf, 0).label('pointer').word(15).long('table');
    code.label('go').lgdt(at('pointer')).mov(EAX, 8).mov(ES, EAX).mov(EAX, CR0).alu('and', EAX, -2).mov(CR0, EAX).raw(0x2e, 0xa3).long(FAR).raw(0x26, 0xa3).long(FAR + 8).mov(EBX, at(FAR)); // MOV CS:[FAR], EAX; MOV ES:[FAR + 8], EAX
    expect(onBoth(code, 0).counts()['vmm.interpreted']).toBeGreaterThanOrEqual(6);
  });

  it('protected mode stores through the CS that real mode leaves, until it loads another', () => {
    const code = realMode(Vector.UD).jmpFar(0, 'paragraph').label('paragraph').alu('or', EAX, 1).mov(CR0, EAX).raw(0x2e, 0xa3).long(FAR).mov(EBX, at(FAR));
    expect(onBoth(code, 0).counts()['vmm.interpreted']).toBeGreaterThanOrEqual(6);
  });

  it('ARPL is undefined in real mode', () => {
    onBoth(realMode(Vector.UD).mov(EBX, 3).raw(0x63, 0xd8), Vector.UD);
  });

  it('a breakpoint on an instruction is met, the exception of a single step follows', () => {
    onBoth(realMode(Vector.DB).mov(EAX, 'here').mov(DR0, EAX).mov(EAX, 0x402).mov(DR7, EAX).nop().label('here').nop(), Vector.DB);
    onBoth(realMode(Vector.DB).push(0x102).popfd().nop(2), Vector.DB);
  });

  it('PUSHA goes around a stack of 4 GB', () => {
    onBoth(realMode(Vector.GP).mov(ESP, 9).raw(0x60).raw(0x61).mov(ESP, STACK), 0);
  });

  it('and counts against the budget one by one', () => {
    const image = imageOf(realMode(Vector.UD).nop(5).outByte(POWER_OFF, 0));
    const [expected, actual] = [started(native, image), started((options) => core.create(options), image)];
    for (let step = 0; step < 16; step++) expect([actual.run(1), actual.retired, actual.fingerprint()]).toEqual([expected.run(1), expected.retired, expected.fingerprint()]);
  });
});

describe('INT1 whose delivery faults, faults at its first byte', () => {
  const FLAT_CODE = 8;
  const TRAP_FLAG = 0x100;
  const FAULT_STATUS = 13;
  const INTERRUPT_GATE = 0x8e00;
  /** A table in which nothing but #GP has a gate, so that #DB meets #GP; its handler leaves the EIP of the fault in EBX, and ends. */
  const guestOf = (prepare: (code: Assembler) => void, int1: readonly number[]): Assembler => {
    const code = new Assembler(CODE_ADDRESS).jmp('go').align(8).label('table').raw(0, 0, 0, 0, 0, 0, 0, 0).raw(0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0).label('pointer').word(15).long('table');
    code.align(8).label('gates');
    for (let word = 0; word < Vector.GP * 2; word++) code.long(0);
    code.label('gate').long(0).long(0).label('gates pointer').word(Vector.GP * 8 + 7).long('gates');
    code.label('caught').pop(EAX).pop(EBX).outByte(POWER_OFF, FAULT_STATUS);
    // EAX: the handler's address, in two halves around selector and type.
    code.label('go').mov(ESP, STACK).raw(0x0f, 0x01, 0x15).long('pointer').lidt(at('gates pointer')).mov(EAX, 'caught').mov(ECX, EAX).alu('and', EAX, 0xffff).alu('or', EAX, FLAT_CODE << 16).mov(at('gate'), EAX);
    code.alu('and', ECX, 0xffff0000 | 0).alu('or', ECX, INTERRUPT_GATE).mov(EBX, 'gate').mov(at(EBX, 4), ECX);
    prepare(code);
    return code.label('int1').raw(...int1).outByte(POWER_OFF, 0);
  };
  it.each([
    ['after instructions that ran directly', (code: Assembler) => code.nop(5)],
    ['when the guest single-steps', (code: Assembler) => code.push(TRAP_FLAG | 2).popfd()],
  ] as const)('%s', (_, prepare) => {
    for (const int1 of [[0xf1], [0x67, 0xf1], [0x67, 0x66, 0x3e, 0xf1]]) {
      const code = guestOf(prepare, int1);
      const [expected, actual] = [native, (options: EngineOptions) => core.create(options)].map((create) => {
        const engine = started(create, imageOf(code));
        return { exit: engine.run(100), eip: engine.inspect().state[Word.EBX], retired: engine.retired, fingerprint: engine.fingerprint() };
      });
      expect(expected?.exit).toEqual({ kind: 'power-off', status: FAULT_STATUS });
      expect(actual).toEqual(expected);
    }
  });
});

it('ENTER copies frames over each other across a page that the shadow tables lack', () => {
  // The frames reach from one page into the next below, which nothing has touched; by then copies lie where the first ones were read.
  const border = STACK + 0x10000;
  const code = new Assembler(CODE_ADDRESS).mov(ESP, border + 24).mov(EBP, border + 12);
  for (let offset = 0; offset < 24; offset += 4) code.mov(at(border + offset), 0xd0 + offset);
  code.raw(0xc8, 8, 0, 12).outByte(POWER_OFF, 0); // ENTER 8, 12
  const [expected, actual] = [native, (options: EngineOptions) => core.create(options)].map((create) => {
    const engine = started(create, imageOf(code));
    return [engine.run(100), engine.retired, engine.fingerprint()];
  });
  expect(expected[0]).toEqual({ kind: 'power-off', status: 0 });
  expect(actual).toEqual(expected);
});

describe('guest time', () => {
  const busy = (): GuestImage => {
    const code = new Assembler(CODE_ADDRESS).mov(ESP, STACK).mov(ESI, CODE_ADDRESS).mov(EDI, 0x180000).mov(ECX, 200).cld().raw(0xf3, 0xa4).sti().label('again').rdtsc().alu('add', EBX, EAX).pushfd().popfd().jmp('again');
    return imageOf(code);
  };
  it('is exact in slices of every length, and looking changes nothing', () => {
    const [expected, actual] = [started(native, busy()), started((options) => core.create(options), busy())];
    for (let slice = 0; slice < 200; slice++) {
      const budget = (slice * 7919) % 17;
      expect(actual.run(budget)).toEqual(expected.run(budget));
      expect(actual.retired).toBe(expected.retired);
      expect(actual.fingerprint()).toEqual(expected.fingerprint());
      expect(actual.inspect().translate(CODE_ADDRESS)).toBe(CODE_ADDRESS);
    }
  });
});

test.each(CPU_MODEL_NAMES)('%s: the guest runs, whatever control registers the silicon has', (cpu) => {
  const code = new Assembler(CODE_ADDRESS).mov(ESP, STACK).mov(EAX, 3).pushfd().popfd().outByte(POWER_OFF, 3);
  const engine = started((options) => core.create(options), imageOf(code), { cpu });
  expect(engine.run(100)).toEqual({ kind: 'power-off', status: 3 });
});

test('an unknown setting is a mistake of ours', () => {
  expect(() => core.create({ memoryBytes: MEMORY_BYTES, settings: { shadow: 'none' } })).toThrow('no shadow policy is called none');
});

test('x87 pointers keep a selector of the guest\'s that has the number of a shadow descriptor', () => {
  // ES and the monitor's descriptor for DS: entry 3 of a local table, RPL 3. The first trap makes the unit's selector the guest's; the second must leave it.
  const selector = 0x1f;
  const flatUserData = [0xff, 0xff, 0, 0, 0, 0xf3, 0xcf, 0];
  const code = new Assembler(CODE_ADDRESS).jmp('go').align(8).label('table').raw(...Array.from({ length: 24 }, () => 0), ...flatUserData).label('global').long(0).long(0).raw(31, 0).half('table', 'low-half').raw(0x10, 0x82, 0, 0);
  code.label('pointer').word(15).long('global').label('go').mov(ESP, STACK).raw(0x0f, 0x01, 0x15).long('pointer').mov(EAX, 8).raw(0x0f, 0x00, 0xd0).mov(EAX, selector).raw(0x8e, 0xc0); // LGDT; LLDT AX; MOV ES, AX
  code.mov(EBX, 0x160000).raw(0x26, 0xd9, 0x03).pushfd().pushfd().outByte(POWER_OFF, 0); // FLD [ES:EBX]
  const [expected, actual] = [native, (options: EngineOptions) => core.create(options)].map((create) => {
    const engine = started(create, imageOf(code));
    return [engine.run(100), engine.retired, engine.inspect().state[Word.X87_FDS]];
  });
  expect(expected?.[2]).toBe(selector);
  expect(actual).toEqual(expected);
});

test('x87 pointers that the guest loads stay as they are when they have the numbers of shadow descriptors', () => {
  // Selectors 7 for both pointers in an environment of 32-bit protected mode: the number of the descriptor for ES. PUSHF traps.
  const environment = 0x160000;
  const code = new Assembler(CODE_ADDRESS).mov(ESP, STACK).mov(at(environment), 0x37f).mov(at(environment + 8), 0xffff).mov(at(environment + 16), 7).mov(at(environment + 24), 7);
  code.raw(0xd9, 0x25).long(environment).pushfd().outByte(POWER_OFF, 0); // FLDENV
  const [expected, actual] = [native, (options: EngineOptions) => core.create(options)].map((create) => {
    const engine = started(create, imageOf(code));
    return [engine.run(100), engine.retired, engine.inspect().state[Word.X87_FCS], engine.inspect().state[Word.X87_FDS]];
  });
  expect(expected?.slice(2)).toEqual([7, 7]);
  expect(actual).toEqual(expected);
});

test('a guest that resets the machine is reset, even where the single-step trap behind shuts its processor down', () => {
  // No interrupt table. OUT to the keyboard controller (pulse of the RESET line) is the instruction that TF traps behind.
  const code = new Assembler(CODE_ADDRESS).jmp('go').label('nothing').raw(0, 0, 0, 0, 0, 0).label('go').mov(ESP, STACK).raw(0x0f, 0x01, 0x1d).long('nothing'); // LIDT
  code.mov(EAX, 0xfe).pushfd().alu('or', at(ESP), 0x100).popfd().raw(0xe6, 0x64).jmp('go');
  const [expected, actual] = [native, (options: EngineOptions) => core.create(options)].map((create) => {
    const engine = started(create, imageOf(code));
    return [engine.run(100), engine.retired, engine.fingerprint()];
  });
  expect(expected?.[0]).toEqual({ kind: 'reset' });
  expect(actual).toEqual(expected);
});
