import { divide, forEachOperand, JavaScriptPrinter, multiplyHighSigned, multiplyHighUnsigned, type Expression } from '@ringbench/isa';
import type { NodePlan } from './node-plan.js';

/** How a flag word follows from a few values: what a region does not compute when it leaves, because it can be computed afterwards. */
export interface FlagForm {
  /** Temporaries of the node that the value is computed from. */
  readonly leaves: readonly number[];
  readonly value: Expression;
  /** Of the code that the value is in. */
  readonly plan: NodePlan;
  /** The last one that was made: neighbouring exits have the same. */
  recipe: FlagRecipe | undefined;
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
  findLeaves(value, plan, leaves);
  const form: FlagForm = { leaves, value, plan, recipe: undefined, evaluate: undefined };
  forms.set(value, form);
  return form;
}
function findLeaves(e: Expression, plan: NodePlan, leaves: number[]): void {
  if (e.kind !== 'temporary') {
    forEachOperand(e, (operand) => findLeaves(operand, plan, leaves));
    return;
  }
  const definition = plan.deferred[e.id];
  if (definition !== undefined) findLeaves(definition, plan, leaves);
  else if (!leaves.includes(e.id)) leaves.push(e.id);
}

/** How to compute a flag word by a form from what is in some slots. */
export function recipeOf(form: FlagForm, word: number, slots: readonly number[]): FlagRecipe {
  const { recipe } = form;
  if (recipe?.word === word && recipe.slots.every((slot, n) => slot === slots[n])) return recipe;
  form.recipe = { word, form, slots };
  return form.recipe;
}

/** The value of a form, where temporary number n is leaf number n. Not kept: forms are many, and few are needed whole. */
export function templateOf({ value, plan, leaves }: FlagForm): Expression { return expand(value, plan, leaves); }
function expand(e: Expression, plan: NodePlan, leaves: readonly number[]): Expression {
  const part = (operand: Expression): Expression => expand(operand, plan, leaves);
  switch (e.kind) {
    case 'temporary': {
      const definition = plan.deferred[e.id];
      return definition === undefined ? { kind: 'temporary', id: leaves.indexOf(e.id) } : part(definition);
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
  print(form: FlagForm): string {
    const values = form.leaves.map((_, n) => `const t${n}=V[S[${n}]];`).join('');
    return `(V,S)=>{${values}return ${this.expression(templateOf(form))}|0}`;
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
