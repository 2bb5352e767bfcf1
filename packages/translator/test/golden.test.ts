import { expect, test } from 'vitest';
import { HOT_SET } from '@ringbench/interpreter';
import { Translator, type RegionShape } from '@ringbench/translator';
import { BareMachine, CODE, EXIT, word } from '../../interpreter/test/support/bare-machine.js';
import { functionText } from './support/wasm-text.js';

/**
 * Generated code of representative loops, as text in `golden/`: what a change to the printers does to it is to be seen, and judged. To accept it:
 * `npx vitest run packages/translator/test/golden.test.ts -u`.
 */
const COUNTER = 0x30000;
const TIMES = 400;
const HEAD = [0xc7, 0x05, ...word(COUNTER), ...word(TIMES)];
const LOOP = CODE + HEAD.length;
const FUNCTION = 0x8800;
const HANDLER = 0x8900;
const VECTOR = 0x1f;
const MOST_INSTRUCTIONS = 200_000;

/** Bodies of a loop whose counter is in memory. EBX and ESI point to data, set up by the body itself where it matters. */
const BODIES: readonly (readonly [name: string, body: readonly number[]])[] = [
  ['load-and-store', [0xbb, ...word(0x30100), 0x8b, 0x43, 0x08, 0x01, 0x03]], // mov ebx, data; mov eax, [ebx+8]; add [ebx], eax
  ['parts-of-registers', [0x8a, 0xe1, 0x00, 0xd8, 0x66, 0x01, 0xca]], // mov ah, cl; add al, bl; add dx, cx
  ['carry-chain', [0x01, 0xc8, 0x11, 0xda, 0x83, 0xd7, 0x00]], // add eax, ecx; adc edx, ebx; adc edi, 0
  ['compare-and-join', [0x39, 0xd8, 0x7f, 0x03, 0x40, 0xeb, 0x01, 0x4b, 0x0f, 0x94, 0xc1]], // cmp eax, ebx; jg +3; inc eax; jmp +1; dec ebx; sete cl
  ['flags-in-full', [0x01, 0xd8, 0x9f, 0x9c, 0x58]], // add eax, ebx; lahf; pushf; pop eax
  ['call-and-return', [0xe8, ...word(FUNCTION - LOOP - 5)]], // call function
  ['stack', [0x50, 0x53, 0x5a, 0x59]], // push eax; push ebx; pop edx; pop ecx
  ['multiply-and-divide', [0x31, 0xd2, 0xb1, 0x07, 0x0f, 0xb6, 0xc9, 0xf7, 0xf1, 0xc1, 0xe0, 0x03, 0x0f, 0xaf, 0xc0]], // xor edx, edx; mov cl, 7; movzx ecx, cl; div ecx; shl eax, 3; imul eax, eax
  ['repeated-move', [0xbe, ...word(0x30200), 0xbf, ...word(0x30400), 0xb9, ...word(20), 0xf3, 0xa5]], // rep movsd
  ['repeated-scan', [0xbf, ...word(0x30400), 0xb9, ...word(9), 0xf2, 0xae]], // repne scasb
  ['port', [0xe6, 0x80, 0x01, 0xd8]], // out 80h, al; add eax, ebx
  ['software-interrupt', [0xcd, VECTOR]], // int
  ['x87', [0xd9, 0xe8, 0xd8, 0xc0, 0xdd, 0x1d, ...word(0x30500)]], // fld1; fadd st0; fstp qword [data]
];

function translate(body: readonly number[]): { readonly shape: RegionShape; readonly module: Uint8Array } {
  let found: { shape: RegionShape; module: Uint8Array } | undefined;
  const onTranslated = (shape: RegionShape, module: Uint8Array): void => {
    if (found === undefined && shape.nodes.some(({ eip }) => eip === LOOP)) found = { shape, module: module.slice() };
  };
  const bare = new BareMachine(HOT_SET, undefined, undefined, (processor) => new Translator(processor, { sampleEvery: 1, threshold: 16, onTranslated }));
  const back = -(body.length + 12);
  bare.load({
    at: [
      [CODE, [...HEAD, ...body, 0xff, 0x0d, ...word(COUNTER), 0x0f, 0x85, ...word(back), ...EXIT]], // …; dec dword [counter]; jnz back
      [FUNCTION, [0x03, 0x44, 0x24, 0x00, 0xc3]], // add eax, [esp]; ret
      [HANDLER, [0x40, 0xcf]], // inc eax; iret
    ],
    handlers: { [VECTOR]: HANDLER },
  });
  bare.machine.memory.state[0] = 3;
  bare.finish(1000, MOST_INSTRUCTIONS);
  if (found === undefined) throw new Error('the loop was not translated');
  return found;
}

test.each(BODIES)('%s', async (name, body) => {
  const { shape, module } = translate(body);
  const instructions = shape.nodes.reduce((sum, node) => sum + node.instructions.length, 0);
  const heading = shape.nodes.map(({ eip, end, calls, instructions: own }) => `;; ${(eip >>> 0).toString(16)} ${own.map(({ operation }) => operation.key).join('; ')} (${end}${calls ? ', calls' : ''})`).join('\n');
  await expect(`${heading}\n;; ${instructions} instructions, ${module.length} bytes\n${functionText(module)}`).toMatchFileSnapshot(`golden/${name}.txt`);
});
