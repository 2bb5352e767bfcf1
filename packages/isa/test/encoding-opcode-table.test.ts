import { describe, expect, it } from 'vitest';
import { byteSource, decodeWith } from '../src/encoding/decoder.js';
import { compileRows } from '../src/encoding/opcode-table.js';
import { row } from '../src/encoding/row.js';

const CODE32 = { code32: true };

/** Mnemonic that a table decodes these bytes to, or the failure. */
function mnemonicOf(rows: Parameters<typeof compileRows>[0], ...bytes: number[]): string {
  const result = decodeWith(compileRows(rows), byteSource(Uint8Array.from(bytes)), 0, CODE32);
  return typeof result === 'string' ? result : result.row.mnemonic;
}

describe('compileRows', () => {
  it('selects by the reg field and by whether the operand is memory', () => {
    const rows = [row('stored', '0F 01 /4', 'Ew', { memoryOnly: true }), row('kept', '0F 01 /4', 'Rv')];
    expect(mnemonicOf(rows, 0x0f, 0x01, 0x20)).toBe('stored');
    expect(mnemonicOf(rows, 0x0f, 0x01, 0xe0)).toBe('kept');
    expect(mnemonicOf(rows, 0x0f, 0x01, 0x28)).toBe('undefined');
  });

  it('takes the literal ModR/M bytes that the x87 rows will need', () => {
    const rows = [row('load', 'D9 /0', 'M'), row('exchange', 'D9 C8+i', ''), row('negate', 'D9 E0', '')];
    expect(mnemonicOf(rows, 0xd9, 0x00)).toBe('load');
    expect(mnemonicOf(rows, 0xd9, 0xc8)).toBe('exchange');
    expect(mnemonicOf(rows, 0xd9, 0xcf)).toBe('exchange');
    expect(mnemonicOf(rows, 0xd9, 0xe0)).toBe('negate');
    expect(mnemonicOf(rows, 0xd9, 0xe1)).toBe('undefined');
    expect(mnemonicOf(rows, 0xd9, 0xc0)).toBe('undefined');
  });

  it('leaves out control and segment registers that do not exist', () => {
    expect(mnemonicOf([row('control', '0F 20 /r', 'Rd Cd')], 0x0f, 0x20, 0xc8)).toBe('undefined');
    expect(mnemonicOf([row('control', '0F 20 /r', 'Rd Cd')], 0x0f, 0x20, 0x18)).toBe('control'); // mod is ignored
    expect(mnemonicOf([row('segment', '8C /r', 'Rv Sw')], 0x8c, 0xf0)).toBe('undefined');
  });

  it('refuses rows that contradict each other or the notation', () => {
    expect(() => compileRows([row('one', '90', ''), row('other', '90', '')])).toThrow('claims an encoding');
    expect(() => compileRows([row('one', '80 /0', 'Eb'), row('other', '80 /r', 'Eb')])).toThrow('claims an encoding');
    expect(() => compileRows([row('one', '90', ''), row('other', '90 /0', 'Eb')])).toThrow('claims an encoding');
    expect(() => compileRows([row('one', '0f 01 /8', '')])).toThrow('notation');
    expect(() => compileRows([row('one', '01', 'Ev Gv')])).toThrow('no ModR/M byte');
  });
});
