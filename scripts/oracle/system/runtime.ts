import { Assembler } from '../../../packages/engine/dist/conformance/assembler.js';
import { at, CR0, CR2, CR3, CR4, CS, DR6, DR7, DS, EAX, EBP, EBX, ECX, EDI, EDX, ES, ESI, ESP, FS, GS, SS, type DebugRegister } from '../../../packages/engine/dist/conformance/operands.js';
import { CHANGES, Cr0, CODE, DONE, FLAT_LANDING, GDT, GDT_LIMIT, IDT, LOG, PAGE_BYTES, RUNTIME, RUNTIME_STACK, Selector, SHADOW, STACK_TOPS, STUB_BYTES, STUBS, VARIABLES, VECTORS, WORLD, WORLD_END } from './layout.ts';
import { END_OF_SCENARIOS, EVENT_FIELDS, HEADER_FIELDS, Marker, type EventField } from './protocol.ts';

export const MOST_EVENTS = 16;
export const MOST_CHANGES = 200;
/** General registers when a scenario begins, by number; ESP is the stack's top. */
export const START_REGISTERS = [0xa0a0a0a0, 0xc1c1c1c1, 0xd2d2d2d2, 0xb3b3b3b3, STACK_TOPS[0], 0xb5b5b5b5, 0x51515151, 0xd1d1d1d1] as const;

const WORLD_WORDS = (WORLD_END - WORLD) / 4;
const CONSOLE_PORT = 0xe9;
const EXIT_PORT = 0xf4;
const INT_DONE_TWICE = (0xcd | (DONE << 8)) * 0x10001;
/** Interrupt mask registers of the two controllers. */
const MASTER_MASK_PORT = 0x21;
const SLAVE_MASK_PORT = 0xa1;
const ALL_MASKED = 0xff;
/** Variables of the runtime. */
const Variable = { CURSOR: VARIABLES, EVENTS: VARIABLES + 4, CHANGES: VARIABLES + 8, HEADER: VARIABLES + 0x40, EVENT: VARIABLES + 0x100 } as const;
const DR6_START = 0xffff0ff0;
const CR0_START = Cr0.PE | Cr0.ET;
/** Debug registers in which a handler saves EAX, DS and the vector before it has a data segment: no stack is needed, and any may be broken. */
const debug = (code: number): DebugRegister => ({ kind: 'debug', code });
const [SAVED_VECTOR, SAVED_DS, SAVED_EAX] = [debug(1), debug(2), debug(3)];
const eventWord = (field: EventField): number => Variable.EVENT + EVENT_FIELDS.indexOf(field) * 4;
const headerWord = (field: (typeof HEADER_FIELDS)[number]): number => Variable.HEADER + HEADER_FIELDS.indexOf(field) * 4;

/** Far pointers and repeated instructions that the assembler has no methods for. */
const REP_MOVSD = [0xf3, 0xa5] as const;
const REP_MOVSB = [0xf3, 0xa4] as const;
const REPE_CMPSD = [0xf3, 0xa7] as const;
const REP_OUTSB = [0xf3, 0x6e] as const;
const REP_STOSD = [0xf3, 0xab] as const;
const LODSD = 0xad;
const IN_CODE = (address: number | string) => ({ ...at(address), segment: CS.code });

/** The code that runs scenarios one after the other, placed at RUNTIME. `pristine` and `scenarios` are addresses in the image. */
export function assembleRuntime(pristine: number, scenarios: number): Uint8Array {
  const a = new Assembler(RUNTIME);
  a.mov(ESP, RUNTIME_STACK).cld().lgdt(at('own gdt')).jmpFar(Selector.CODE0, 'flat').label('flat').mov(EAX, Selector.DATA0);
  for (const segment of [DS, ES, FS, GS, SS]) a.mov(segment, EAX);
  a.mov(EDI, FLAT_LANDING).mov(ECX, PAGE_BYTES / 4).mov(EAX, INT_DONE_TWICE).raw(...REP_STOSD);
  // Scenarios set IF: no device may interrupt them.
  a.outByte(MASTER_MASK_PORT, ALL_MASKED).outByte(SLAVE_MASK_PORT, ALL_MASKED).mov(at(Variable.CURSOR), scenarios);
  nextScenario(a, pristine);
  startScenario(a);
  recordEvent(a);
  resumeScenario(a);
  finishScenario(a);
  report(a);
  a.align(8).label('own table').long(0).long(0).raw(0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0).raw(0xff, 0xff, 0, 0, 0, 0x93, 0xcf, 0);
  a.label('own gdt').word(0x17).long('own table').label('live gdt').word(GDT_LIMIT).long(GDT).label('live idt').word(VECTORS * 8 - 1).long(IDT);
  if (a.here > STUBS) throw new Error('the runtime is too long');
  while (a.here < STUBS) a.nop();
  for (let vector = 0; vector < VECTORS; vector++) {
    a.mov(SAVED_EAX, EAX).mov(EAX, vector).jmp('event').align(STUB_BYTES);
  }
  return a.assemble();
}

/** Restores the world, applies the scenario's patches, and keeps a copy. */
function nextScenario(a: Assembler, pristine: number): void {
  a.label('next').mov(ESI, at(Variable.CURSOR)).alu('cmp', at(ESI), END_OF_SCENARIOS).jcc('nz', 'prepare');
  a.outByte(EXIT_PORT, 0).label('stop').hlt().jmp('stop');
  a.label('prepare').mov(EDI, Variable.HEADER).mov(ECX, HEADER_FIELDS.length).raw(...REP_MOVSD).push(ESI);
  a.mov(at(eventWord('vector')), Marker.STARTED).mov(EAX, at(headerWord('number'))).mov(at(eventWord('eax')), EAX);
  a.mov(ESI, Variable.EVENT).mov(ECX, 8).call('send');
  a.mov(ESI, pristine).mov(EDI, SHADOW).mov(ECX, WORLD_WORDS).raw(...REP_MOVSD).pop(ESI);
  a.label('patch').raw(LODSD).alu('cmp', EAX, 0).jcc('z', 'patched').alu('add', EAX, SHADOW - WORLD).mov(EDI, EAX).raw(LODSD).mov(ECX, EAX).raw(...REP_MOVSB).jmp('patch');
  a.label('patched').mov(at(Variable.CURSOR), ESI);
  a.mov(ESI, SHADOW).mov(EDI, WORLD).mov(ECX, WORLD_WORDS).raw(...REP_MOVSD);
  a.mov(at(Variable.EVENTS), 0).mov(at(Variable.CHANGES), 0);
}

/** Loads the processor's registers and enters the scenario's code. */
function startScenario(a: Assembler): void {
  // The scenario's own stack may be unusable: flags are set on the runtime's.
  a.push(2).popfd().lgdt(at('live gdt')).lidt(at('live idt')).mov(EAX, 0).mov(CR2, EAX).mov(EAX, DR6_START).mov(DR6, EAX);
  a.mov(EAX, at(headerWord('dr0'))).mov(debug(0), EAX).mov(EAX, at(headerWord('dr7'))).mov(DR7, EAX);
  a.mov(EAX, at(headerWord('cr4'))).mov(CR4, EAX).mov(EAX, at(headerWord('cr3'))).mov(CR3, EAX);
  a.mov(EAX, at(headerWord('ldtr'))).lldt(EAX).mov(EAX, at(headerWord('tr'))).ltr(EAX);
  a.jmpFar(Selector.CODE0, 'live').label('live').mov(EAX, Selector.DATA0);
  for (const segment of [DS, ES, FS, GS, SS]) a.mov(segment, EAX);
  a.mov(EAX, at(headerWord('cr0'))).mov(CR0, EAX);
  [EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI].forEach((register, number) => a.mov(register, START_REGISTERS[number]));
  a.raw(0xea).long(CODE).word(Selector.CODE0);
}

/** Entered in ring 0 with EAX saved and the vector in EAX; nothing else is known. */
function recordEvent(a: Assembler): void {
  a.label('event').mov(SAVED_VECTOR, EAX).mov(EAX, DS).mov(SAVED_DS, EAX).mov(EAX, CR0).alu('and', EAX, ~Cr0.PG).mov(CR0, EAX);
  a.lgdt(IN_CODE('own gdt')).mov(EAX, Selector.DATA0).mov(DS, EAX);
  ([['ecx', ECX], ['edx', EDX], ['ebx', EBX], ['esp', ESP], ['ebp', EBP], ['esi', ESI], ['edi', EDI]] as const).forEach(([field, register]) => a.mov(at(eventWord(field)), register));
  ([['vector', SAVED_VECTOR], ['eax', SAVED_EAX], ['ds', SAVED_DS], ['es', ES], ['cs', CS], ['ss', SS], ['fs', FS], ['gs', GS], ['cr0', CR0], ['cr2', CR2], ['cr3', CR3], ['cr4', CR4], ['dr6', DR6], ['dr7', DR7]] as const)
    .forEach(([field, register]) => a.mov(EAX, register).mov(at(eventWord(field)), EAX));
  a.str(EAX).mov(at(eventWord('tr')), EAX).sldt(EAX).mov(at(eventWord('ldtr')), EAX);
  a.mov(EBX, ESP).mov(EAX, SS).mov(EDX, EAX).mov(EAX, Selector.DATA0).mov(SS, EAX).mov(ESP, RUNTIME_STACK).pushfd().pop(EAX).mov(at(eventWord('eflags')), EAX);
  a.push(2).popfd().mov(EAX, DS).mov(ES, EAX);
  a.alu('cmp', EDX, Selector.DATA0).jcc('z', 'flat stack').mov(EBX, 'no frame').label('flat stack');
  a.mov(ESI, EBX).mov(EDI, eventWord('frame0')).mov(ECX, 10).raw(...REP_MOVSD);
  // Append to the log.
  a.mov(EAX, at(Variable.EVENTS)).mov(EDI, EAX).shift('shl', EDI, 8).alu('add', EDI, LOG).mov(ESI, Variable.EVENT).mov(ECX, EVENT_FIELDS.length).raw(...REP_MOVSD);
  a.inc(at(Variable.EVENTS)).alu('cmp', EAX, MOST_EVENTS - 1).jcc('nc', 'finish');
  a.alu('cmp', at(eventWord('vector')), 32).jcc('nc', 'finish').mov(ECX, at(eventWord('vector'))).mov(EAX, at(headerWord('continued'))).raw(0xd3, 0xe8).alu('and', EAX, 1).jcc('z', 'finish');
}

/** Back to where the event came from. */
function resumeScenario(a: Assembler): void {
  a.mov(EAX, at(eventWord('es'))).lgdt(at('live gdt')).mov(ES, EAX).mov(EDX, at(eventWord('edx'))).mov(EBX, at(eventWord('ebx'))).mov(ESI, at(eventWord('esi')));
  a.mov(EDI, at(eventWord('edi'))).mov(ECX, at(headerWord('cr0'))).alu('and', ECX, Cr0.PG).mov(EAX, CR0).alu('or', EAX, ECX).mov(CR0, EAX).mov(ECX, at(eventWord('ecx')));
  a.mov(EAX, at(eventWord('ss'))).mov(SS, EAX).mov(ESP, at(eventWord('esp')));
  a.mov(EAX, SAVED_DS).mov(DS, EAX).mov(EAX, SAVED_EAX).iret();
}

/** Puts the processor back and finds the words of the world that have changed. */
function finishScenario(a: Assembler): void {
  a.label('finish').mov(EAX, CR0_START).mov(CR0, EAX).mov(EAX, 0).mov(DR7, EAX).mov(CR4, EAX).lldt(EAX).mov(FS, EAX).mov(GS, EAX).jmpFar(Selector.CODE0, 'own code').label('own code');
  a.mov(ESI, WORLD).mov(EDI, SHADOW).mov(ECX, WORLD_WORDS).mov(EBX, CHANGES);
  a.label('compare').alu('cmp', ECX, 0).jcc('z', 'compared').raw(...REPE_CMPSD).jcc('z', 'compared');
  a.alu('cmp', at(Variable.CHANGES), MOST_CHANGES).jcc('nc', 'compared').inc(at(Variable.CHANGES));
  a.lea(EAX, at(ESI, -4)).mov(at(EBX), EAX).mov(EAX, at(ESI, -4)).mov(at(EBX, 4), EAX).mov(EAX, at(EDI, -4)).mov(at(EBX, 8), EAX).alu('add', EBX, 12).jmp('compare').label('compared');
}

/** Marker, number, events, changes; then their words. */
function report(a: Assembler): void {
  a.mov(EBX, Variable.EVENT).mov(at(EBX), Marker.FINISHED).mov(EAX, at(headerWord('number'))).mov(at(EBX, 4), EAX);
  a.mov(EAX, at(Variable.EVENTS)).mov(at(EBX, 8), EAX).mov(EAX, at(Variable.CHANGES)).mov(at(EBX, 12), EAX).mov(ESI, EBX).mov(ECX, 16).call('send');
  a.mov(EBX, LOG).label('send event').mov(ESI, EBX).mov(ECX, EVENT_FIELDS.length * 4).call('send').alu('add', EBX, 0x100).dec(at(Variable.EVENTS)).jcc('nz', 'send event');
  a.mov(ESI, CHANGES).mov(ECX, at(Variable.CHANGES)).alu('add', ECX, ECX).alu('add', ECX, at(Variable.CHANGES)).shift('shl', ECX, 2).call('send').jmp('next');
  a.label('send').mov(EDX, CONSOLE_PORT).raw(...REP_OUTSB).ret();
  a.align(4).label('no frame');
  for (let field = 0; field < 10; field++) a.long(0);
}
