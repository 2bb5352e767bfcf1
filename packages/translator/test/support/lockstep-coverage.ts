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

/** What a run of some size must have exercised, by name, and how often at least in ten million instructions. */
const FLOORS: Readonly<Record<string, number>> = {};

/** Floors that were not reached, a line each. */
export function missingCoverage(counts: Counts): readonly string[] {
  return Object.entries(FLOORS).filter(([name, floor]) => (counts[name] ?? 0) < floor).map(([name, floor]) => `${name}: ${counts[name] ?? 0} of ${floor}`);
}
