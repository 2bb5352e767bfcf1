/** Loaders that rewrite code as it is loaded. tsx's keep-names helper made closure-heavy code up to 40 times slower. */
const REWRITING_LOADER = /(?:^|[\s=/\\])(?:tsx|ts-node|esbuild-register|swc-node)\b|--(?:experimental-)?loader|--experimental-(?:strip|transform)-types/;

/**
 * Why times taken in this process would not be those of the built code, or undefined if they are.
 * @param moduleUrl `import.meta.url` of a module of ours, which ends in `.ts` where sources are run instead of the build.
 */
export function reasonNotToMeasure(moduleUrl: string, execArguments: readonly string[], nodeOptions = ''): string | undefined {
  if (moduleUrl.endsWith('.ts')) return 'this is TypeScript source, not the built JavaScript';
  const loader = REWRITING_LOADER.exec([...execArguments, nodeOptions].join(' '));
  return loader === null ? undefined : `a code-rewriting loader is active (${loader[0].trim()})`;
}
