import fc from 'fast-check';
import { HOT_SET } from '@ringbench/interpreter';
import { Register } from '@ringbench/isa';
import { Translator } from '@ringbench/translator';
import { Assembler } from '../../../engine/src/conformance/assembler.js';
import { at, EAX, ECX } from '../../../engine/src/conformance/operands.js';
import { Dice, mixSeed } from '../../../engine/src/programs/dice.js';
import { startGuest } from '../../../engine/src/guest-start.js';
import { BareMachine, word, type Program } from '../../../interpreter/test/support/bare-machine.js';
import { SoupMachine } from '../../../interpreter/test/support/soup-machine.js';
import { actNamed } from './system-acts.js';
import { buildSystemProgram, systemPrograms } from './system-programs.js';

/** Machines that run one generated program after the other on a translator that they keep: what it does not let go of is seen in the process's memory. */
export interface ChurningMachine {
  readonly translator: Translator;
  /** Runs the next program. Result: instructions. */
  readonly next: () => number;
}

const SOON = { sampleEvery: 64, threshold: 16 } as const;
const INSTRUCTIONS = 20_000;
/** Few of each, so that there are soon as many regions as there may be. */
const INSTRUCTIONS_OF_A_LOOP = 4000;

/** System programs, each in the place of the one before it. */
export function inOnePlace(seed: number): ChurningMachine {
  const machine = new SoupMachine(HOT_SET, (processor) => new Translator(processor, SOON));
  const translator = machine.machine.executor as Translator;
  let number = 0;
  return {
    translator,
    next: () => {
      const [program] = fc.sample(systemPrograms, { numRuns: 1, seed: mixSeed(seed, number++) });
      const { soup, patches } = buildSystemProgram(program);
      machine.load(soup);
      machine.machine.pc.reset();
      for (const { at: address, bytes } of patches) machine.machine.processor.mmu.writePhysical(address, Uint8Array.from(bytes));
      machine.run(INSTRUCTIONS, [INSTRUCTIONS]);
      return machine.retired;
    },
  };
}

const RAM_BYTES = 24 << 20;
const FIRST_PLACE = 0x100000;
const COUNTER = 0x80000;
const STACK = 0x70000;
const TIMES = 400;
/** Where exceptions go on: at the loop's beginning. */
const RESUME = 0x80040;
const HANDLER = 0x9000;
const HANDLER_WITH_ERROR = 0x9100;
const TABLES_END = 0xa000;
const EXCEPTIONS = 20;
const VECTORS_WITH_ERROR = [8, 10, 11, 12, 13, 14, 17];
const RESUMING = [0xa1, ...word(RESUME), 0x89, 0x04, 0x24, 0xcf]; // mov eax, [resume]; mov [esp], eax; iret
const HANDLERS: Program = {
  at: [[HANDLER, RESUMING], [HANDLER_WITH_ERROR, [0x83, 0xc4, 0x04, ...RESUMING]]], // add esp, 4; …
  handlers: Object.fromEntries(Array.from({ length: EXCEPTIONS }, (_, vector) => [vector, VECTORS_WITH_ERROR.includes(vector) ? HANDLER_WITH_ERROR : HANDLER])),
};
const HARMLESS = ['compute', 'memory', 'join', 'diamond', 'small-loop', 'patch-seldom', 'stack'] as const;

/** Loops, each behind the one before it, through all of memory and round. */
export function throughMemory(seed: number): ChurningMachine {
  const bare = new BareMachine(HOT_SET, RAM_BYTES, undefined, (processor) => new Translator(processor, SOON));
  const { processor, memory } = bare.machine;
  bare.load(HANDLERS);
  const tables = processor.mmu.readPhysical(0, TABLES_END);
  let [number, place] = [0, FIRST_PLACE];
  return {
    translator: bare.machine.executor as Translator,
    next: () => {
      const bytes = loopAt(place, new Dice(mixSeed(seed, number++)));
      // As at the start, whatever the last loop did to itself and the tables.
      processor.inShutdown = processor.halted = processor.livelocked = false;
      if (processor.faulted) processor.clearFault();
      processor.mmu.writePhysical(0, tables);
      startGuest(processor, { entry: place, registers: [], codeSelector: 0x08, dataSelector: 0x10 });
      processor.mmu.writePhysical(place, bytes);
      processor.mmu.writePhysical(RESUME, Uint8Array.from(word(place)));
      for (const register of [Register.EBX, Register.EBP, Register.ESI, Register.EDI]) memory.state[register] = COUNTER + 0x1000;
      place += bytes.length;
      if (place > RAM_BYTES - 0x10000) place = FIRST_PLACE;
      const before = bare.machine.retired;
      bare.run(INSTRUCTIONS_OF_A_LOOP);
      return bare.machine.retired - before;
    },
  };
}

/** An endless loop around some acts. */
function loopAt(place: number, dice: Dice): Uint8Array {
  const code = new Assembler(place);
  let counters = 0;
  const counter = (): ReturnType<typeof at> => at(COUNTER + 0x100 + (counters++ % 32) * 4);
  code.label('main').mov(at(COUNTER), TIMES).label('again').mov({ kind: 'general', code: Register.ESP }, STACK).mov(ECX, 3);
  for (let acts = dice.between(2, 8); acts > 0; acts--) actNamed(dice.pick(HARMLESS)).emit({ code, dice, level: 'function', functions: [], counter, resumable: (body) => body() });
  code.dec(at(COUNTER)).jcc('nz', 'again').mov(EAX, 0).jmp('main');
  return code.assemble();
}
