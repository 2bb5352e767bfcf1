import { forEachExpression, forEachOperand, SEMANTICS, type Expression, type Statement } from '@ringbench/isa';
import type { RegionNode, RegionShape } from '@ringbench/translator';
import { ControlFlow } from '../../src/control-flow.js';

/**
 * What generated programs exercised, so that what they never did is seen. Counts have a name of two parts, `topic: what`.
 */
export type Counts = Record<string, number>;

export class Coverage {
  private readonly counts = new Map<string, number>();

  add(topic: string, what: string, amount = 1): void {
    const name = `${topic}: ${what}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + amount);
  }
  toCounts(): Counts { return Object.fromEntries(this.counts); }

  /** A region that was translated. */
  region(shape: RegionShape): void {
    const { nodes } = shape;
    const flow = new ControlFlow(nodes);
    this.add('region', shape.user ? 'of ring 3' : 'of rings 0 to 2');
    if (flow.isLoop.includes(true)) this.add('region', 'with a loop');
    if (flow.isMerge.includes(true)) this.add('region', 'with a join');
    if (new Set(nodes.map(({ eip }) => eip >>> 12)).size > 1) this.add('region', 'of several pages');
    this.add('calls followed', `to a depth of ${Math.max(...nodes.map(({ context }) => context?.depth ?? 0))}`);
    if (nodes.some(({ patched }) => patched.length > 0)) this.add('region', 'with immediates that may change');
    if (new Set(nodes.map(({ user }) => user)).size > 1) this.add('region', 'of both rings');
    nodes.forEach((node, number) => this.node(node, number, flow));
  }
  private node(node: RegionNode, number: number, flow: ControlFlow): void {
    this.add('node ends', `${node.end}${node.calls ? ', calls' : ''}`);
    for (const { node: target } of node.successors) {
      if (target < 0) this.add('edge', 'out of the region');
      else if (flow.isBackEdge(number, target)) this.add('edge', 'back');
      else this.add('edge', flow.isRetreating(number, target) ? 'into a loop from outside' : 'forward');
    }
    if (node.end === 'computed' && node.successors.some(({ node: target }) => target >= 0)) this.add('edge', `expected of ${node.instructions.at(-1)?.operation.shape.mnemonic}`);
    for (const { operation } of node.instructions) {
      const { mnemonic, size, repeat } = operation.shape;
      if (operation.code === undefined) continue;
      this.add('instruction', mnemonic);
      this.add('operand size', String(size));
      if (repeat !== 'none') this.add('repeated', `${repeat} ${mnemonic}.${size}`);
    }
    for (const statement of node.code) this.statement(statement);
  }
  private statement(statement: Statement): void {
    this.add('statement', statement.kind);
    if ('size' in statement && statement.kind !== 'set-register') this.add('access', `${statement.kind} of ${statement.size} bits`);
    forEachExpression(statement, (expression) => this.expression(expression));
  }
  private expression(expression: Expression): void {
    if (expression.kind === 'binary' || expression.kind === 'unary' || expression.kind === 'divide') this.add('operator', expression.operator);
    else this.add('operator', expression.kind);
    forEachOperand(expression, (operand) => this.expression(operand));
  }
}

export function mergeCounts(all: readonly Counts[]): Counts {
  const sum: Counts = {};
  for (const counts of all) for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

const topicOf = (name: string): string => name.slice(0, name.indexOf(': '));
const whatOf = (name: string): string => name.slice(name.indexOf(': ') + 2);

/** Recorded instructions that no region had. */
function missingInstructions(counts: Counts): readonly string[] { return Object.keys(SEMANTICS).filter((mnemonic) => counts[`instruction: ${mnemonic}`] === undefined); }

/** The counts as a table, a line a topic. */
export function coverageTable(counts: Counts): string {
  const topics = new Map<string, string[]>();
  for (const name of Object.keys(counts).toSorted()) {
    const line = topics.get(topicOf(name)) ?? [];
    line.push(`${whatOf(name)} ${counts[name]}`);
    topics.set(topicOf(name), line);
  }
  const missing = missingInstructions(counts);
  return [...topics].map(([topic, line]) => `${topic}\n  ${line.join(', ')}`).join('\n') + `\ninstructions that no region had\n  ${missing.length === 0 ? 'none' : missing.join(', ')}`;
}

/** What ten million instructions must have exercised, and how often at least: about a quarter of what was seen when this was written. */
const FLOORS: Readonly<Record<string, number>> = {
  'instructions: in regions': 5_000_000,
  'region: of ring 3': 5000, 'region: of rings 0 to 2': 5000, 'region: with a loop': 3000, 'region: with a join': 3000, 'region: of several pages': 1500, 'region: of both rings': 100, 'region: with immediates that may change': 50,
  'calls followed: to a depth of 1': 1000, 'calls followed: to a depth of 2': 300, 'calls followed: to a depth of 3': 20, 'calls followed: to a depth of 4': 1,
  'node ends: branch': 10_000, 'node ends: computed': 5000, 'node ends: fall': 10_000, 'node ends: jump': 5000, 'node ends: fall, calls': 5000, 'node ends: step, calls': 2000,
  'edge: back': 5000, 'edge: into a loop from outside': 100, 'edge: out of the region': 10_000, 'edge: expected of ret': 1000, 'edge: expected of jmp-indirect': 300, 'edge: expected of call-indirect': 30,
  'access: load of 8 bits': 3000, 'access: load of 16 bits': 1000, 'access: load of 32 bits': 20_000, 'access: store of 8 bits': 1000, 'access: store of 16 bits': 500, 'access: store of 32 bits': 20_000,
  'access: load-host of 16 bits': 500, 'access: linear of 32 bits': 300, 'access: load-system of 32 bits': 500, 'access: bulk of 8 bits': 100, 'access: bulk of 16 bits': 30, 'access: bulk of 32 bits': 500,
  'repeated: repe movs.32': 400, 'repeated: repe stos.32': 300, 'repeated: repe cmps.8': 20, 'repeated: repne scas.8': 20, 'repeated at a site: raises exception 14': 30, 'repeated at a site: completes': 500,
  'regions left: at a site: instruction': 50_000, 'regions left: at a site: target': 1000, 'regions left: at a site: budget': 1000, 'regions left: attention': 200, 'regions left: elsewhere': 20_000,
  'instruction at a site: completes': 50_000, 'instruction at a site: raises exception 0': 200, 'instruction at a site: raises exception 13': 3000, 'instruction at a site: raises exception 14': 3000, 'instruction at a site: raises exception 16': 30, 'instruction at a site: raises exception 17': 30,
  'forced checks: reached and failed': 30_000,
  'stores to pages of code: to regions': 100, 'stores to pages of code: beside regions': 10_000,
  'slice ends: in the middle of a block': 10_000, 'slice ends: at the beginning of a block': 5000, 'slice ends: with segments that are not flat': 100, 'slice ends: in 16-bit code': 20,
  'event: interrupt.hardware': 1000, 'event: exception.2': 5000, 'event: exception.1': 2000, 'event: exception.6': 2000, 'event: exception.7': 5, 'event: ring.in': 30_000, 'event: ring.out': 30_000,
  'event: tlb.flush': 5000, 'event: executed.invlpg': 3000, 'event: executed.mov-to-cr': 1000, 'event: executed.mov-to-dr': 500, 'event: executed.load-sreg': 3000, 'event: executed.jmpf': 300, 'event: executed.callf': 500,
  'event: executed.out': 1000, 'event: executed.in': 1000, 'event: executed.sgdt': 200, 'event: executed.popf': 2000, 'event: executed.sti': 500, 'event: executed.hlt': 50,
  'instruction: fadd': 20, 'instruction: fstp-m64': 20, 'instruction: div': 100, 'instruction: idiv': 100, 'instruction: cmpxchg': 100, 'instruction: shld': 100,
};

/** Floors that were not reached, a line each. */
export function missingCoverage(counts: Counts): readonly string[] {
  return Object.entries(FLOORS).filter(([name, floor]) => (counts[name] ?? 0) < floor).map(([name, floor]) => `${name}: ${counts[name] ?? 0} of ${floor}`);
}
