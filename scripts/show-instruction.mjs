// Prints what the laboratory makes of instructions, from bytes to handler (docs/life-of-an-instruction.md).
//   node scripts/show-instruction.mjs BYTES [--eip ADDRESS]
// BYTES are hexadecimal, blanks allowed, for flat 32-bit code: 'cmp eax,5; jne' is 83f805 75f0. Needs a build (npx tsc -b).
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { byteSource, classify, decode, formatInstruction } from '../packages/isa/dist/index.js';
import { HOT_SET } from '../packages/interpreter/dist/hot-set.js';
import { lower } from '../packages/interpreter/dist/lowering.js';
import { Field } from '../packages/interpreter/dist/micro-op.js';
import { OperationTable, recordSequence } from '../packages/interpreter/dist/operations.js';
import { printHandler } from '../packages/interpreter/dist/print-javascript.js';

const CONTEXT = { code32: true, stack32: true, flat: true };
const DEFAULT_EIP = '00100000';
const hex = (value) => (value >>> 0).toString(16).padStart(8, '0');

/** An expression of packages/isa/src/ir/expression.ts in one line; parameters are in angle brackets. */
export function expressionText(e) {
  switch (e.kind) {
    case 'constant': return e.value > -10 && e.value < 10 ? String(e.value) : `0x${hex(e.value)}`;
    case 'temporary': return `t${e.id}`;
    case 'parameter': return `<${e.name}>`;
    case 'word': return e.word;
    case 'word-at': return `${e.word}[${expressionText(e.index)}]`;
    case 'register': return `register.${e.size}[${expressionText(e.offset)}]`;
    case 'unary': return `${e.operator}(${expressionText(e.operand)})`;
    default: {
      const operands = Object.entries(e).filter(([name]) => name !== 'kind' && name !== 'operator').map(([, operand]) => expressionText(operand));
      return `${e.operator ?? e.kind}(${operands.join(', ')})`;
    }
  }
}

/** A statement in one line: what it yields, its kind, its operands. */
export function statementText({ kind, to, ...operands }) {
  const shown = Object.entries(operands).map(([name, operand]) => `${name}=${typeof operand === 'object' ? expressionText(operand) : operand}`);
  return `${to === undefined ? '' : `t${to.id} = `}${[kind, ...shown].join(' ')}`;
}

function rowLines({ row, length, operandSize }) {
  const { writes, mayWrite, reads, undefined: open, ...traits } = row.traits;
  const masks = Object.entries({ writes, mayWrite, reads, undefined: open }).filter(([, mask]) => mask !== undefined).map(([name, mask]) => `${name} flags ${mask.toString(16)}`);
  const others = Object.entries(traits).map(([name, value]) => (value === true ? name : `${name}: ${value}`));
  return [`row         ${row.mnemonic}  ${row.opcode}  ${row.operands.join(' ')}`, `class       ${classify(row)}`, `traits      ${[...masks, ...others].join('; ') || 'none'}`, `decoded     ${length} bytes, operand size ${operandSize}`];
}

function codeLines({ code, canLeave }) {
  if (code === undefined) return ['recorded    nothing: a system procedure executes it (packages/isa/src/system/registry.ts)'];
  return [`recorded    ${canLeave ? 'can leave before it commits' : 'cannot leave'}`, ...code.map((statement) => `            ${statementText(statement)}`)];
}

function microOpLines(words) {
  const fields = Object.entries(Field).filter(([name]) => name !== 'OPERATION').map(([name, index]) => `${name} ${hex(words[index])}`);
  return [`micro-op    ${fields.slice(0, 3).join('  ')}`, `            ${fields.slice(3).join('  ')}`];
}

function describe({ operation, instruction, eip, words, endsBlock }) {
  const { key, code } = operation;
  const hot = HOT_SET.operations.includes(key) ? 'in the hot loop' : 'not in the hot loop';
  return [
    `${hex(eip)}    ${formatInstruction(instruction, eip)}`, ...rowLines(instruction), `operation   ${key}, ${hot}${endsBlock ? ', ends the block' : ''}`,
    ...codeLines(operation), ...microOpLines(words), ...(code === undefined ? [] : ['handler', ...printHandler(operation).split('\n').map((line) => `            ${line}`)]), '',
  ];
}

/** What the hot loop does in one handler; empty for a pair that it does not fuse. */
function pairLines(first, second) {
  const isFused = HOT_SET.pairs.some(([one, two]) => one === first.operation.key && two === second.operation.key);
  if (!isFused) return [];
  const code = recordSequence([first.operation.shape, second.operation.shape]);
  return [`fused       ${first.operation.key} + ${second.operation.key}`, ...code.map((statement) => `            ${statementText(statement)}`), ''];
}

/** The lines that the command prints for these bytes; the last of them names what did not decode. */
export function show(bytes, eip) {
  const table = new OperationTable();
  const lowered = [];
  const lines = [];
  for (let at = 0; at < bytes.length; ) {
    const decoded = decode(byteSource(bytes), at, CONTEXT);
    if (typeof decoded === 'string') return [...lines, `${hex(eip + at)}    does not decode: ${decoded}`];
    lowered.push(lower(table, decoded, eip + at, CONTEXT, () => 0));
    lines.push(...describe(lowered.at(-1)));
    if (lowered.length > 1) lines.push(...pairLines(lowered.at(-2), lowered.at(-1)));
    at += decoded.length;
  }
  return lines;
}

function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { eip: { type: 'string', default: DEFAULT_EIP } } });
  const digits = positionals.join('').replaceAll(/\s/g, '');
  if (!/^(?:[0-9a-f]{2})+$/i.test(digits) || !/^[0-9a-f]{1,8}$/i.test(values.eip)) {
    process.stderr.write('usage: node scripts/show-instruction.mjs BYTES [--eip ADDRESS], both hexadecimal\n');
    return 2;
  }
  process.stdout.write(`${show(Buffer.from(digits, 'hex'), parseInt(values.eip, 16)).join('\n').trimEnd()}\n`);
  return 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main();
