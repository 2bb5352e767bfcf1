import { Decoder, DecoderOptions, Formatter, FormatterSyntax } from 'iced-x86';
import { describe, expect, it } from 'vitest';
import { Assembler } from '../src/conformance/assembler.js';
import { at, CR0, CR3, CS, DR7, DS, EAX, EBP, EBX, ECX, EDI, EDX, ES, ESI, ESP, FS, inSegment, SS } from '../src/conformance/operands.js';

/** What another decoder says that the bytes mean. */
function disassemble(bytes: Uint8Array, origin: number): readonly string[] {
  const decoder = new Decoder(32, bytes, DecoderOptions.None);
  const formatter = new Formatter(FormatterSyntax.Nasm);
  decoder.ip = BigInt(origin);
  const lines: string[] = [];
  while (decoder.canDecode) {
    const instruction = decoder.decode();
    lines.push(formatter.format(instruction));
    instruction.free();
  }
  decoder.free();
  formatter.free();
  return lines;
}

const ORIGIN = 0x100000;
const listing = (write: (code: Assembler) => unknown): readonly string[] => {
  const code = new Assembler(ORIGIN);
  write(code);
  return disassemble(code.assemble(), ORIGIN).map(plain);
};
/** Without what formatters add: operand sizes and leading zeros. */
const plain = (line: string): string => line.replaceAll(/\b(?:dword|near|far) /g, '').replaceAll(/\b0+(?=[0-9a-f]+h\b)/gi, '');

describe('the guests\' assembler, read by another decoder', () => {
  it('moves data', () => {
    expect(listing((code) => code.mov(EAX, 5).mov(EBX, ESI).mov(ECX, at(0x1234)).mov(at(EBP, -4), EDX).mov(at(ESP, 8), 7).mov(EDI, at(ESP, 4)).movByte(at(EAX), 9).movByte(at(0x10), 'AL').movWord(at(0x20), 0x1234))).toEqual([
      'mov eax,5', 'mov ebx,esi', 'mov ecx,[1234h]', 'mov [ebp-4],edx', 'mov [esp+8],7', 'mov edi,[esp+4]', 'mov byte [eax],9', 'mov [10h],al', 'mov word [20h],1234h',
    ]);
    expect(listing((code) => code.mov(DS, at(0x30)).mov(EAX, CS).mov(CR3, EBX).mov(ECX, CR0).mov(DR7, EDX).mov(EAX, inSegment(FS, at(4))).mov(inSegment(ES, at(EBX)), EAX).lea(EAX, at(EBX, 3)).movzxByte(ECX, at(ESI)).movzxWord(EDX, EBX))).toEqual([
      'mov ds,[30h]', 'mov eax,cs', 'mov cr3,ebx', 'mov ecx,cr0', 'mov dr7,edx', 'mov eax,[fs:4]', 'mov [es:ebx],eax', 'lea eax,[ebx+3]', 'movzx ecx,byte [esi]', 'movzx edx,bx',
    ]);
  });
  it('pushes, pops and calculates', () => {
    expect(listing((code) => code.push(EBX).push(0x12345).push(FS).push(at(4)).pop(SS).pop(EDI).pop(at(8)).alu('add', EAX, 0x100).alu('cmp', ECX, EDX).alu('xor', at(0x40), EBX).alu('sub', EDX, at(0x44)))).toEqual([
      'push ebx', 'push 12345h', 'push fs', 'push [4]', 'pop ss', 'pop edi', 'pop [8]', 'add eax,100h', 'cmp ecx,edx', 'xor [40h],ebx', 'sub edx,[44h]',
    ]);
    expect(listing((code) => code.shift('shl', EAX, 16).inc(at(0x48)).dec(ECX).div(EBX).idiv(ESI).set('z', EDX))).toEqual(['shl eax,10h', 'inc [48h]', 'dec ecx', 'div ebx', 'idiv esi', 'sete dl']);
  });
  it('resolves labels forwards and backwards', () => {
    expect(listing((code) => code.label('top').jmp('end').jcc('nz', 'top').call('end').mov(EAX, 'end').jmp(at('top')).callFar(8, 'top').label('end').ret())).toEqual([
      'jmp 100022h', 'jne 100000h', 'call 100022h', 'mov eax,100022h', 'jmp [100000h]', 'call 8:100000h', 'ret',
    ]);
    expect(() => new Assembler(0).jmp('nowhere').assemble()).toThrow('nowhere');
    expect(() => new Assembler(0).label('a').label('a')).toThrow('twice');
  });
  it('knows the system instructions', () => {
    expect(listing((code) => code.sgdt(at(0x50)).sidt(at(0x51)).lgdt(at(0x53)).lidt(at(0x54)).smsw(EAX).sldt(at(0x58)).str(ECX).lldt(EDX).ltr(EAX).verr(EBX).verw(EBX).lar(ECX, EBX).lsl(ECX, EBX).invlpg(at(0x60)))).toEqual([
      'sgdt [50h]', 'sidt [51h]', 'lgdt [53h]', 'lidt [54h]', 'smsw eax', 'sldt [58h]', 'str ecx', 'lldt dx', 'ltr ax', 'verr bx', 'verw bx', 'lar ecx,ebx', 'lsl ecx,ebx', 'invlpg [60h]',
    ]);
    expect(listing((code) => code.rdtsc().cpuid().int(0x80).iret().retFar().pushfd().popfd().outByte(0xe9, 65).inAl(0x21).ud2().hlt().cli().sti())).toEqual([
      'rdtsc', 'cpuid', 'int 80h', 'iret', 'retf', 'pushf', 'popf', 'mov al,41h', 'out E9h,al', 'in al,21h', 'ud2', 'hlt', 'cli', 'sti',
    ]);
  });
});
