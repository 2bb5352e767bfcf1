import { divide, JavaScriptPrinter, multiplyHighSigned, multiplyHighUnsigned, type Expression } from '@ringbench/isa';
import type { NodePlan } from './node-plan.js';

/** How a flag word follows from a few values: what a region does not compute when it leaves, because it can be computed afterwards. */
export interface FlagForm {
  /** Temporaries of the node that the value is computed from. */
  readonly leaves: readonly number[];
  /** The value; temporary number n is leaf number n. */
  readonly template: Expression;
  /** Computes it from the words of `values` at the places in `slots`; compiled when it is first needed. */
  evaluate: FlagFunction | undefined;
}
type FlagFunction = (values: Int32Array, slots: readonly number[]) => number;

/** A flag word that is to be computed after a region has left. */
export interface FlagRecipe {
  /** Number of the state word. */
  readonly word: number;
  readonly form: FlagForm;
  /** Which of the words that the region left (`Region.EXIT_VALUES`) are the form's leaves. */
  readonly slots: readonly number[];
}

/** Forms by the expression that they were made of: the code of a node is recorded once and printed often. */
const forms = new WeakMap<Expression, FlagForm>();
const functions = new Map<string, FlagFunction>();
const MOST_FUNCTIONS = 1000;
const RUNTIME = { mulhu: multiplyHighUnsigned, mulhs: multiplyHighSigned, divide };

/** The form of a value that can be deferred (`isDeferrable`), in the code that a plan is of. */
export function formOf(value: Expression, plan: NodePlan): FlagForm {
  const known = forms.get(value);
  if (known !== undefined) return known;
  const leaves: number[] = [];
  const form: FlagForm = { leaves, template: templateOf(value, plan, leaves), evaluate: undefined };
  forms.set(value, form);
  return form;
}

function templateOf(e: Expression, plan: NodePlan, leaves: number[]): Expression {
  const part = (operand: Expression): Expression => templateOf(operand, plan, leaves);
  switch (e.kind) {
    case 'temporary': {
      const definition = plan.deferred[e.id];
      if (definition !== undefined) return part(definition);
      if (!leaves.includes(e.id)) leaves.push(e.id);
      return { kind: 'temporary', id: leaves.indexOf(e.id) };
    }
    case 'constant': return e;
    case 'binary': return { ...e, left: part(e.left), right: part(e.right) };
    case 'unary': return { ...e, operand: part(e.operand) };
    case 'select': return { ...e, condition: part(e.condition), whenTrue: part(e.whenTrue), whenFalse: part(e.whenFalse) };
    default: throw new Error(`${e.kind} in a value that was deferred`);
  }
}

class FormPrinter extends JavaScriptPrinter {
  protected override parameter(name: string): string { throw new Error(`parameter ${name} in the code of an occurrence`); }
  print({ leaves, template }: FlagForm): string {
    const values = leaves.map((_, n) => `const t${n}=V[S[${n}]];`).join('');
    return `(V,S)=>{${values}return ${this.expression(template)}|0}`;
  }
}

/** Puts what a region left to be computed into the state words. */
export function restoreFlags(state: Int32Array, values: Int32Array, recipes: readonly FlagRecipe[]): void {
  for (const { word, form, slots } of recipes) state[word] = flagValueOf(form, values, slots);
}
/** The value of a form whose leaves are the words of `values` at the places in `slots`. */
export function flagValueOf(form: FlagForm, values: Int32Array, slots: readonly number[]): number {
  form.evaluate ??= compile(form);
  return form.evaluate(values, slots);
}
function compile(form: FlagForm): FlagFunction {
  const text = new FormPrinter().print(form);
  const known = functions.get(text);
  if (known !== undefined) return known;
  // Constants of the guest's are in the text.
  if (functions.size >= MOST_FUNCTIONS) functions.clear();
  // The text is printed from our own semantics; a guest contributes only constants.
  const factory = new Function('X', `'use strict';return ${text}`) as (runtime: typeof RUNTIME) => FlagFunction;
  const compiled = factory(RUNTIME);
  functions.set(text, compiled);
  return compiled;
}
