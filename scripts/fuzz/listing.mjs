// Generated programs as listings.
import { Decoder, DecoderOptions, Formatter, FormatterSyntax } from 'iced-x86';

const LOAD_ADDRESS = 0x100000;
const HEX = 16;

/** The code of every piece of an image (`ProgramImage` of packages/engine), disassembled as 32-bit code. */
export function listPrograms({ bytes, places }) {
  const formatter = new Formatter(FormatterSyntax.Nasm);
  const lines = [];
  for (const { program, piece, from, to } of places) {
    lines.push(`program ${program + 1}: ${piece.kind}, seed ${piece.seed}`);
    const decoder = new Decoder(32, bytes.subarray(from - LOAD_ADDRESS, to - LOAD_ADDRESS), DecoderOptions.None);
    decoder.ip = BigInt(from);
    while (decoder.canDecode) {
      const instruction = decoder.decode();
      lines.push(`  ${instruction.ip.toString(HEX)}  ${formatter.format(instruction)}`);
      instruction.free();
    }
    decoder.free();
  }
  formatter.free();
  return lines.join('\n');
}
