import type { Engine } from '@ringbench/engine';
import { formatCount } from '../counts.js';
import type { Output } from '../output.js';
import type { Watcher } from './replay.js';

const QUIET_MILLISECONDS = 2000;
const INTERVAL_MILLISECONDS = 1000;

/**
 * Says on stderr how far a run has come, once it takes longer than two seconds.
 * @param target instructions at its end; undefined if that is not known.
 * @param wanted false once nobody waits for it any more.
 */
export function reportProgress(output: Output, what: string, target: number | undefined, wanted: () => boolean): Watcher {
  const end = target === undefined ? '' : ` of ${formatCount(target)}`;
  let next = performance.now() + QUIET_MILLISECONDS;
  return (engine: Engine): boolean => {
    const now = performance.now();
    if (now >= next) {
      next = now + INTERVAL_MILLISECONDS;
      output.say(`ringbench: ${what}: ${formatCount(engine.retired)}${end} instructions`);
    }
    return wanted();
  };
}
