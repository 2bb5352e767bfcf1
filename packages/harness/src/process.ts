import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { observationSchema, explain } from '@ringbench/journal';
import type { Observation } from '@ringbench/journal';
import { crashed } from './cell.js';
import type { CellRequest } from './cell.js';
import { oneLine } from './problem.js';

/** Options of the runtime in measuring processes; recorded in the run's header. */
export const RUNTIME_FLAGS: readonly string[] = [];

/**
 * The environment of every measuring process. Fixed and as good as empty, because its mere size shifts the stack and with it the times
 * (Mytkowicz et al., "Producing Wrong Data Without Doing Anything Obviously Wrong!", ASPLOS 2009).
 */
function measuringEnvironment(): NodeJS.ProcessEnv {
  const systemRoot = process.env['SystemRoot'];
  return systemRoot === undefined ? {} : { SystemRoot: systemRoot };
}

const KEPT_ERROR_OUTPUT = 1000;
/** How long a process may take to end, and its pipes to close, once it is ended or has answered. */
const GRACE_MILLISECONDS = 2000;

/**
 * Measures a cell in a fresh process. Whatever becomes of that process, the answer is an observation; undefined if the signal aborted it.
 * @param entry path of the built script that calls `serveCell`.
 * @param deadline wall-clock milliseconds after which the process is taken for hung.
 */
export async function measureInProcess(entry: string, request: CellRequest, deadline: number, signal: AbortSignal): Promise<Observation | undefined> {
  if (signal.aborted) return undefined;
  const child = fork(entry, [JSON.stringify(request)], {
    execArgv: [...RUNTIME_FLAGS],
    env: measuringEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const report = listen(child, request);
  const clock = new AbortController();
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true, signal: clock.signal });
  });
  const expired = delay(deadline, 'expired' as const, { signal: clock.signal }).catch(() => 'answered' as const);
  const verdict = await Promise.race([report.ended, expired, aborted]);
  clock.abort();
  child.kill('SIGKILL');
  if (signal.aborted) return undefined;
  if (verdict === 'expired' && report.answer() === undefined) {
    return crashed(request, `no answer within ${Math.round(deadline / 1000)} s of wall clock: the process was ended`);
  }
  return report.answer() ?? crashed(request, report.failure());
}

interface Report {
  readonly ended: Promise<void>;
  answer(): Observation | undefined;
  failure(): string;
}

/** Collects what a measuring process says. */
function listen(child: ChildProcess, request: CellRequest): Report {
  let answer: Observation | undefined;
  let failure = '';
  let errorOutput = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    errorOutput = (errorOutput + chunk).slice(-KEPT_ERROR_OUTPUT);
  });
  child.on('message', (message) => {
    const checked = checkAnswer(message, request);
    if (typeof checked === 'string') failure = checked;
    else answer ??= checked;
  });
  const ended = new Promise<void>((resolve) => {
    // Once it has answered, a process has nothing left to do; one that does not end by itself is ended.
    child.on('message', () => setTimeout(resolve, GRACE_MILLISECONDS).unref());
    child.on('error', (error) => {
      failure = `the process cannot be started: ${error.message}`;
      resolve();
    });
    child.on('exit', (code, signal) => {
      failure ||= `the process ended without an answer (${signal === null ? `exit code ${code}` : `signal ${signal}`})`;
      void settle(child).then(resolve);
    });
  });
  return { ended, answer: () => answer, failure: () => oneLine([failure, errorOutput].filter((part) => part !== '').join(': '), KEPT_ERROR_OUTPUT) };
}

/** The exit can be known before the last message and the last error output are: waits for both channels to close. */
function settle(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GRACE_MILLISECONDS);
    const finishOnceQuiet = (): void => {
      if (child.connected || child.stderr?.readableEnded === false) return;
      clearTimeout(timer);
      resolve();
    };
    child.on('disconnect', finishOnceQuiet);
    child.stderr?.on('end', finishOnceQuiet);
    finishOnceQuiet();
  });
}

function checkAnswer(message: unknown, request: CellRequest): Observation | string {
  const parsed = observationSchema.safeParse(message);
  if (!parsed.success) return `the process sent a malformed observation (${explain(parsed.error)})`;
  const { core, workload, process } = parsed.data;
  const asked = core === request.core && workload === request.workload && process === request.process;
  return asked ? parsed.data : `the process answered for ${core}/${workload}/${process}`;
}
