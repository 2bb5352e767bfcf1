import { CODE_ADDRESS, multibootImage } from '../../../packages/engine/dist/conformance/image.js';
import { Assembler } from '../../../packages/engine/dist/conformance/assembler.js';
import { ECX, EDI, ESI, EAX } from '../../../packages/engine/dist/conformance/operands.js';
import { CODE, LANDING, long, RUNTIME, SHADOW } from './layout.ts';
import { END_OF_SCENARIOS, HEADER_FIELDS } from './protocol.ts';
import { assembleRuntime } from './runtime.ts';
import type { Scenario } from './scenario.ts';
import { pristineWorld } from './world.ts';

const REP_MOVSB = [0xf3, 0xa4] as const;
const PLACE_OF_TABLES = CODE_ADDRESS + 0x80;

function encodeScenario(scenario: Scenario, number: number): number[] {
  const code = [...scenario.assemble()];
  if (CODE + code.length > LANDING) throw new Error(`${scenario.id} has too much code`);
  const header = { ...scenario.header, number };
  const patches = [...scenario.patches, { address: CODE, bytes: code }];
  return [...HEADER_FIELDS.flatMap((field) => long(header[field])), ...patches.flatMap(({ address, bytes }) => [...long(address), ...long(bytes.length), ...bytes]), ...long(0)];
}

/** A Multiboot image that runs the scenarios in order and reports each under its number, which is its index here plus `first`. */
export function buildImage(scenarios: readonly Scenario[], first = 0): Uint8Array {
  const world = pristineWorld();
  const runtimeAt = PLACE_OF_TABLES + world.length;
  const runtimeBytes = assembleRuntime(PLACE_OF_TABLES, 0).length;
  const scenariosAt = runtimeAt + runtimeBytes;
  const start = new Assembler(CODE_ADDRESS).cli().raw(0xfc).mov(ESI, runtimeAt).mov(EDI, RUNTIME).mov(ECX, runtimeBytes).raw(...REP_MOVSB).mov(EAX, RUNTIME).jmp(EAX).assemble();
  const encoded = scenarios.flatMap((scenario, index) => encodeScenario(scenario, first + index));
  const code = new Uint8Array(scenariosAt - CODE_ADDRESS + encoded.length + 4);
  if (CODE_ADDRESS + code.length > SHADOW) throw new Error('too many scenarios for one image');
  code.set(start);
  code.set(world, PLACE_OF_TABLES - CODE_ADDRESS);
  code.set(assembleRuntime(PLACE_OF_TABLES, scenariosAt), runtimeAt - CODE_ADDRESS);
  code.set([...encoded, ...long(END_OF_SCENARIOS)], scenariosAt - CODE_ADDRESS);
  return multibootImage(code);
}
