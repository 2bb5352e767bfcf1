import { ExitCode } from './exit-codes.js';

/** SIGINT and SIGTERM while something long goes on. */
export interface Signals {
  readonly signal: AbortSignal;
  /** The exit code that tells of the signal. */
  code(): ExitCode;
  release(): void;
}

/** The first signal ends the work cleanly; the second finds no handler any more and ends the process. */
export function catchSignals(): Signals {
  const controller = new AbortController();
  let code: ExitCode = ExitCode.interrupted;
  const interrupt = (): void => controller.abort();
  const terminate = (): void => {
    code = ExitCode.terminated;
    controller.abort();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', terminate);
  return {
    signal: controller.signal,
    code: () => code,
    release: () => void process.off('SIGINT', interrupt).off('SIGTERM', terminate),
  };
}
