// Speed of x87 instructions through the interpreter, in millions a second of host time, by class; JSON. Build first, then: node benchmarks/speed/x87.mjs
// A diagnostic for this project's developers, not an observation of the lab: one process, best of several rounds, a straight loop of one class.
import { Word, resetX87 } from '../../packages/isa/dist/index.js';
import { Machine } from '../../packages/machine/dist/index.js';
import { Interpreter } from '../../packages/interpreter/dist/index.js';
import { startGuest } from '../../packages/engine/dist/index.js';

const RAM_BYTES = 16 << 20;
const CODE = 0x100000;
const DATA = 0x200000;
const CODE_SELECTOR = 0x08;
const DATA_SELECTOR = 0x10;
const DOUBLE_PRECISION = 0x27f;
const EXTENDED_PRECISION = 0x37f;
const COPIES = 24;
const INSTRUCTIONS = 1_000_000;
const ROUNDS = 9;
const JUMP_BYTES = 5;

/** Code of which each round of the loop has COPIES, and its x87 instructions. ST(0) and ST(1) are 1.1 and 1/3 before, EBX points to 0.7. */
const CLASSES = {
  'load, store m64': { code: [0xdd, 0x03, 0xdd, 0x5b, 0x08], x87: 2 },
  'load, store m32': { code: [0xd9, 0x03, 0xd9, 0x5b, 0x08], x87: 2 },
  'exchange, sign': { code: [0xd9, 0xc9, 0xd9, 0xe0], x87: 2 },
  'compare into flags': { code: [0xdb, 0xf1], x87: 1 },
  'add, subtract': { code: [0xd8, 0xc1, 0xd8, 0xe1], x87: 2 },
  'add, subtract m64': { code: [0xdc, 0x03, 0xdc, 0x23], x87: 2 },
  // FLD ST(0); FMUL ST, ST(2); FSTP ST(0): the product is dropped, so that it stays a normal number
  'copy, multiply, drop': { code: [0xd9, 0xc0, 0xd8, 0xca, 0xdd, 0xd8], x87: 3 },
  'copy, divide, drop': { code: [0xd9, 0xc0, 0xd8, 0xf2, 0xdd, 0xd8], x87: 3 },
  'copy, square root, drop': { code: [0xd9, 0xc0, 0xd9, 0xfa, 0xdd, 0xd8], x87: 3 },
};

function putDouble(processor, address, value) {
  processor.mmu.writePhysical(address, new Uint8Array(new Float64Array([value]).buffer));
}

/** A machine in the middle of the loop, with its two numbers on the stack. */
function prepare(code, control) {
  const machine = new Machine({ ramBytes: RAM_BYTES, createExecutor: (processor) => new Interpreter(processor) });
  const { processor } = machine;
  const body = Array.from({ length: COPIES }, () => code).flat();
  const back = -(body.length + JUMP_BYTES);
  const load = [0xdd, 0x43, 0x10, 0xdd, 0x43, 0x18]; // fld qword [ebx+16]; fld qword [ebx+24]
  processor.mmu.writePhysical(CODE, Uint8Array.from([...load, ...body, 0xe9, ...new Uint8Array(new Int32Array([back]).buffer)]));
  putDouble(processor, DATA, 0.7);
  putDouble(processor, DATA + 16, 1 / 3);
  putDouble(processor, DATA + 24, 1.1);
  startGuest(processor, { entry: CODE, registers: [], codeSelector: CODE_SELECTOR, dataSelector: DATA_SELECTOR });
  resetX87(processor.state);
  processor.state[Word.X87_CONTROL] = control;
  processor.state[Word.EBX] = DATA;
  return machine;
}

/** Millions of x87 instructions a second, in the fastest round. */
function speed({ code, x87 }, control) {
  const machine = prepare(code, control);
  const share = (COPIES * x87) / (COPIES * x87 + 1);
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    machine.run(INSTRUCTIONS);
    best = Math.min(best, Number(process.hrtime.bigint() - start));
  }
  return Number(((INSTRUCTIONS * share * 1000) / best).toFixed(1));
}

const results = {};
for (const [name, entry] of Object.entries(CLASSES)) results[name] = { 'precision 53': speed(entry, DOUBLE_PRECISION), 'precision 64': speed(entry, EXTENDED_PRECISION) };
console.log(JSON.stringify({ unit: 'million x87 instructions per second', node: process.version, results }, null, 2));
