import { readFileSync } from 'node:fs';
import { parseSync, Visitor, type Comment } from 'oxc-parser';

/** What is counted in one source file of TypeScript, and which others it needs. */
export interface TypeScriptSource {
  /** Lines with something on them besides comments. */
  readonly lines: number;
  /** Functions that are given to others to be called at an event, by the names that this project gives them: `on…`, and the vectors of a Dispatcher. */
  readonly hooks: number;
  /** Fields of its classes that change. */
  readonly states: number;
  readonly imports: readonly Binding[];
  readonly exports: readonly Export[];
}
/** A name that comes from another module; `*` for all of it. Types are left out: nothing of them runs. */
interface Binding {
  readonly from: string;
  readonly name: string;
}
interface Export {
  /** Under which it leaves; `*` for all of `from`. */
  readonly name: string;
  /** Where it comes from; undefined for the module itself. */
  readonly source: Binding | undefined;
}

const HOOK_NAME = /^on[A-Z]/;
const DISPATCHER_METHOD = 'handle';

function countLines(text: string, comments: readonly Comment[]): number {
  let code = '';
  let from = 0;
  for (const { start, end } of comments) {
    // Line ends within a comment stay, so that code on both sides of it is on lines of its own.
    code += text.slice(from, start) + text.slice(start, end).replaceAll(/[^\n]/g, '');
    from = end;
  }
  return (code + text.slice(from)).split('\n').filter((line) => line.trim() !== '').length;
}

function nameOf(node: { readonly type: string }): string { return 'name' in node && typeof node.name === 'string' ? node.name : ''; }
const isFunction = ({ type }: { readonly type: string }): boolean => type === 'ArrowFunctionExpression' || type === 'FunctionExpression';

function countNodes(program: ReturnType<typeof parseSync>['program']): Pick<TypeScriptSource, 'hooks' | 'states'> {
  let [hooks, states] = [0, 0];
  const changes = (isReadOnly: boolean | undefined): void => { states += isReadOnly === true ? 0 : 1; };
  new Visitor({
    PropertyDefinition: ({ readonly: isReadOnly, static: isStatic, declare }) => { if (!isStatic && declare !== true) changes(isReadOnly); },
    TSParameterProperty: ({ readonly: isReadOnly }) => changes(isReadOnly),
    Property: ({ key, value }) => { hooks += HOOK_NAME.test(nameOf(key)) && isFunction(value) ? 1 : 0; },
    AssignmentExpression: ({ left, right }) => { hooks += left.type === 'MemberExpression' && HOOK_NAME.test(nameOf(left.property)) && isFunction(right) ? 1 : 0; },
    CallExpression: ({ callee, arguments: given }) => {
      const called = callee.type === 'MemberExpression' ? nameOf(callee.property) : nameOf(callee);
      hooks += called === DISPATCHER_METHOD && given.length === 2 && given[1] !== undefined && isFunction(given[1]) ? 1 : 0;
    },
  }).visit(program);
  return { hooks, states };
}

/** Reads a source file. Throws when it is not there, or is no TypeScript, which would be a bug of ours. */
export function readTypeScript(path: string): TypeScriptSource {
  const text = readFileSync(path, 'utf8');
  const { program, module, comments, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
  return {
    lines: countLines(text, comments),
    ...countNodes(program),
    imports: module.staticImports.flatMap(({ moduleRequest, entries }) => entries.filter(({ isType }) => !isType).map(({ importName }) => ({ from: moduleRequest.value, name: importName.name ?? '*' }))),
    exports: module.staticExports.flatMap(({ entries }) => entries.filter(({ isType }) => !isType).map(({ exportName, importName, moduleRequest }) => ({
      name: exportName.name ?? '*', source: moduleRequest === null ? undefined : { from: moduleRequest.value, name: importName.name ?? '*' },
    }))),
  };
}
