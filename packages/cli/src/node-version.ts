/** Node releases before this lack what the engine needs, and have another V8 than the one that is measured. */
export const OLDEST_NODE = 24;

/** One line for the user if this Node is too old. Must run, and be imported, on any Node. */
export function objectionToNode(version: string): string | undefined {
  const major = Number(version.split('.')[0]);
  if (major >= OLDEST_NODE) return undefined;
  return `ringbench: Node ${version} is too old, ${OLDEST_NODE} or later is needed; run it as \`npx ringbench\` in the project, which brings its own, or install Node ${OLDEST_NODE}`;
}
