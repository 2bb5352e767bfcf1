// Writes docs/cpu-models.md from the table of CPU models and the encoding rows. Needs a build (npx tsc -b).
//   node scripts/write-cpu-models.mjs
import { writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cpuModelTable } from '../packages/isa/dist/index.js';

export const CPU_MODELS_DOCUMENT = fileURLToPath(new URL('../docs/cpu-models.md', import.meta.url));

/** The whole document around the tables that `cpuModelTable()` makes. */
export function cpuModelsDocument(table) {
  return `# What each CPU model has

*Generated from \`packages/isa/src/cpu-models.ts\` and the encoding rows by \`node scripts/write-cpu-models.mjs\`. Do not edit; a test compares.*

A machine has one of four processors; \`i686\` unless told otherwise. What a model does not have behaves as on the real processor: an unknown
instruction is #UD, a bit of CR0, CR3 or EFLAGS that does not exist reads as zero and ignores what is written, a bit of CR4 or a model-specific register
is #GP(0). So a program that asks for the generation in the usual way (EFLAGS.AC, EFLAGS.ID, CPUID) finds it.

${table}
*to* names the last model that has it: MOV with test registers is #UD since the Pentium. FXSAVE and FXRSTOR came with the Pentium II; a machine has
them as an option, as it may have V386 mode.

## Choices

- **i386.** ET can be cleared, as on the 80386DX, because it also took an 80287. LOCK is legal before BT (80386 Programmer's Reference Manual, LOCK). CR0.WP
  does not exist: a supervisor writes to read-only pages. There is no alignment check.
- **i486.** Without CPUID, as most were: it is the processor that software which toggles EFLAGS.ID calls a 486. A kernel that wants CPUID can have
  \`i586\`. Late i486 processors have CPUID, CR4 and VME; ours does not.
- **Test registers** keep what is written. A TLB look-up by TR6 misses; a TLB write by TR6 and cache tests by TR3 to TR5 do nothing.
- **Left out of all models,** and not reported by CPUID: virtual-8086 extensions (VME, PVI; setting CR4.VME is #GP(0)), machine check, local APIC, MTRRs, PAE,
  SYSENTER, MMX and later extensions, system management mode (RSM is #UD). P5_MC_ADDR, P5_MC_TYPE, APIC_BASE and BIOS_SIGN_ID read as zero.
- **The same on all models:** values of flags that the manuals leave undefined, the fixed bits of DR6 and DR7, fault priorities, and C6/C7 with a reg field
  other than 0, which is #UD.
- **V386 mode** is an option of every model. Without CPUID and RDMSR a host cannot find it; the monitors of this project are told. In the mode a guest
  sees the machine's model; test registers, like DR0 to DR3, are the machine's own.
`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(CPU_MODELS_DOCUMENT, cpuModelsDocument(cpuModelTable()));
