import { CR0, CR4, Vector, Word } from '@ringbench/isa';
import { describe, expect, it, test } from 'vitest';
import { HOT_SET } from '../src/hot-set.js';
import { BareMachine, CODE, EXIT, word } from './support/bare-machine.js';

/** What an instruction may not do, on real code in flat ring 0. Each handler leaves its vector in EBX and ends the run. */

const HANDLERS = 0xa000;
const HANDLER_BYTES = 16;
const DATA = 0x30000;
const EAX = 0, ECX = 1, EBX = 3;
const NONE = 0xff;
const NOP = 0x90;
const LOCK = 0xf0;
const ADDRESS = [0x05, ...word(DATA)];

const move = (register: number, value: number): number[] => [0xb8 | register, ...word(value)];
const toControl = (number: number, value: number): number[] => [...move(EAX, value), 0x0f, 0x22, 0xc0 | (number << 3)];
const times = (count: number, byte: number): number[] => Array.from({ length: count }, () => byte);

function run(code: readonly number[]): { readonly vector: number; readonly bare: BareMachine } {
  const vectors = [Vector.DE, Vector.UD, Vector.NM, Vector.DF, Vector.TS, Vector.NP, Vector.SS, Vector.GP, Vector.PF];
  const handlers = Object.fromEntries(vectors.map((vector) => [vector, HANDLERS + vector * HANDLER_BYTES]));
  const bare = new BareMachine(HOT_SET);
  bare.load({ at: [[CODE, [...move(EBX, NONE), ...code, ...EXIT]], ...vectors.map((vector) => [HANDLERS + vector * HANDLER_BYTES, [...move(EBX, vector), ...EXIT]] as const)], handlers });
  bare.finish(1000);
  return { vector: bare.register(EBX), bare };
}

test.each<[string, number[], number]>([
  ['15 bytes are an instruction', [...times(14, 0x66), NOP], NONE],
  ['16 bytes are #GP, whatever they would be', [...times(15, 0x66), NOP], Vector.GP],
  ['and come before #UD', [...times(15, LOCK), 0x0f, 0x0b], Vector.GP],
  ['LOCK ADD to memory', [LOCK, 0x01, ...ADDRESS], NONE],
  ['LOCK ADD to a register', [LOCK, 0x01, 0xc0], Vector.UD],
  ['LOCK ADD from memory', [LOCK, 0x03, ...ADDRESS], Vector.UD],
  ['LOCK CMP', [LOCK, 0x39, ...ADDRESS], Vector.UD],
  ['LOCK MOV', [LOCK, 0x89, ...ADDRESS], Vector.UD],
  ['LOCK NOP', [LOCK, NOP], Vector.UD],
  ['LOCK XCHG', [LOCK, 0x87, ...ADDRESS], NONE],
  ['LOCK BT', [LOCK, 0x0f, 0xa3, ...ADDRESS], Vector.UD],
  ['LOCK BTS', [LOCK, 0x0f, 0xab, ...ADDRESS], NONE],
  ['UD2', [0x0f, 0x0b], Vector.UD],
  ['an undefined opcode', [0x0f, 0x04], Vector.UD],
  ['FF /7', [0xff, 0xf8], Vector.UD],
  ['LEA of a register', [0x8d, 0xc0], Vector.UD],
  ['MOV to CS', [0x8e, 0xc8], Vector.UD],
  ['MOV from CR1', [0x0f, 0x20, 0xc8], Vector.UD],
  ['MOV from CR5', [0x0f, 0x20, 0xe8], Vector.UD],
  ['CR0: PG without PE', toControl(0, CR0.PG | CR0.ET), Vector.GP],
  ['CR0: NW without CD', toControl(0, CR0.PE | CR0.NW | CR0.ET), Vector.GP],
  ['CR0: NW with CD', toControl(0, CR0.PE | CR0.NW | CR0.CD | CR0.ET), NONE],
  ['CR0: reserved bits are ignored', toControl(0, CR0.PE | CR0.ET | (1 << 10)), NONE],
  ['CR4: a bit that does not exist', toControl(4, 1 << 20), Vector.GP],
  ['CR4: DE', toControl(4, CR4.DE), NONE],
  ['CR3: low bits are ignored', toControl(3, 0x3007), NONE],
])('%s', (_, code, vector) => expect(run(code).vector).toBe(vector));

it('LMSW sets PE, MP, EM and TS and cannot clear PE', () => {
  const set = run([...move(EAX, -1), 0x0f, 0x01, 0xf0]).bare;
  expect(set.machine.memory.state[Word.CR0] & 0xffff).toBe(CR0.PE | CR0.MP | CR0.EM | CR0.TS | CR0.ET);
  const cleared = run([...move(EAX, 0), 0x0f, 0x01, 0xf0]).bare;
  expect(cleared.machine.memory.state[Word.CR0]).toBe(CR0.PE | CR0.ET);
});

describe('REP OUTS at a port that CPL 3 may not use', () => {
  // The check belongs to the iteration (SDM vol. 2, REP: Operation tests the count first): with none there is no #GP. AMD checks first.
  it.each([[0, 'budget'], [1, 'shutdown']] as const)('count %i: %s', (count, stop) => {
    const bare = new BareMachine(HOT_SET);
    bare.load({ at: [[CODE, [...move(ECX, count), 0xf3, 0x6e, NOP, NOP]]] });
    bare.run(1);
    bare.machine.memory.state[Word.CPL] = 3;
    bare.machine.processor.privilegeChanged();
    // Without a TSS the #GP has no stack of ring 0 to go to.
    expect(bare.run(2).kind).toBe(stop);
  });
});
