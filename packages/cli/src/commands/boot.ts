import type { Engine } from '@ringbench/engine';
import type { Arguments, Context } from '../context.js';
import { ExitCode } from '../exit-codes.js';
import { CONSOLE_NAMES, GuestConsole, type ConsoleName, type ConsoleOutlet } from '../guest/console.js';
import { failureLines, failureRecord, lastInstructions, type Failure } from '../guest/failure.js';
import { guestRecipe, limitOption, type GuestRecipe } from '../guest/options.js';
import { codeOf, describeOutcome, type Outcome } from '../guest/outcome.js';
import { FullSpeed, HumanPacer } from '../guest/pacer.js';
import { PostCodes } from '../guest/post-codes.js';
import { reportProgress } from '../guest/run-progress.js';
import { runSession } from '../guest/run-loop.js';
import { TerminalInput, withTerminal } from '../guest/terminal-input.js';
import { choiceOption, textOption } from '../options.js';
import type { Output } from '../output.js';
import { formatCount } from '../counts.js';

const MILLISECONDS = 1000;

/** Where the guest's console goes: stdout, unless that is for JSON. */
function outletFor({ json, quiet }: Output): ConsoleOutlet {
  if (!json) return process.stdout;
  return { write: (data) => quiet || process.stderr.write(data) };
}

/** What the report of a failure is made from; undefined if the guest did not fail. */
async function examine(engine: Engine, recipe: GuestRecipe, input: TerminalInput, outcome: Outcome, replays: boolean, output: Output): Promise<Failure | undefined> {
  if (codeOf(outcome) !== ExitCode.violations) return undefined;
  const { state } = engine.inspect();
  if (!replays) return { state, steps: undefined };
  const watcher = reportProgress(output, 'running it again for the last instructions', engine.retired, () => input.leaving === undefined);
  return { state, steps: await lastInstructions(recipe, engine, input.log, watcher) };
}

interface Ended {
  readonly outcome: Outcome;
  readonly failure: Failure | undefined;
  readonly retired: number;
  readonly seconds: number;
  readonly screen: readonly string[] | undefined;
}

/** The last words: a summary as data, or lines for people. */
function conclude({ output }: Context, core: string, posts: PostCodes, { outcome, failure, retired, seconds, screen }: Ended): ExitCode {
  const detail = describeOutcome(outcome);
  if (output.json) {
    const status = outcome.kind === 'power-off' ? { status: outcome.status } : {};
    const post = posts.last === undefined ? {} : { postCode: posts.last };
    const shown = screen === undefined ? {} : { screen };
    output.data({ outcome: outcome.kind, detail, ...status, core, retired, seconds, ...post, ...shown, ...(failure === undefined ? {} : { failure: failureRecord(failure) }) }, () => '');
  }
  const words = `\nringbench: ${detail}; ${formatCount(retired)} instructions in ${seconds.toFixed(1)} s on ${core}`;
  if (failure === undefined) output.say(words);
  else output.warn([words, ...failureLines(failure)].join('\n'));
  return codeOf(outcome);
}

/** `ringbench boot`: boots a guest with its console on the terminal. */
export async function boot(context: Context, given: Arguments): Promise<ExitCode> {
  const { output } = context;
  const until = textOption(given['until'], '--until');
  const limit = limitOption(given);
  const name: ConsoleName = choiceOption(given['console'], 'console', '--console', CONSOLE_NAMES) ?? 'uart';
  const recipe = await guestRecipe(context, given);
  const console = new GuestConsole(name, outletFor(output), until);
  const posts = new PostCodes(recipe.showsPostCodes, (line) => output.say(line));
  const engine = recipe.make({ onConsole: console.onConsole, onPostCode: posts.onPostCode });
  console.connect(engine);
  const isInteractive = process.stdin.isTTY === true;
  const input = new TerminalInput(name === 'vga' ? 'keyboard' : 'serial', isInteractive);
  const pacer = isInteractive ? new HumanPacer(input, console.interval) : new FullSpeed(console.interval);
  if (isInteractive) output.say('ringbench: Ctrl-C or Ctrl-A X leaves, Ctrl-A C types a Ctrl-C, Ctrl-A Ctrl-A a Ctrl-A');
  const started = performance.now();
  const ended = await withTerminal(input, async (): Promise<Ended> => {
    const outcome = await runSession({ engine, console, input, pacer, limit, isInteractive });
    const seconds = (performance.now() - started) / MILLISECONDS;
    console.close(engine);
    const failure = await examine(engine, recipe, input, outcome, given['replay'] !== false, output);
    return { outcome, failure, retired: engine.retired, seconds, screen: name === 'vga' ? engine.screen() : undefined };
  });
  return conclude(context, recipe.core, posts, ended);
}
