// Writes docs/classification.md from the encoding rows. Needs a build (npx tsc -b).
//   node scripts/write-classification.mjs
import { writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { classificationTable } from '../packages/isa/dist/index.js';

export const CLASSIFICATION = fileURLToPath(new URL('../docs/classification.md', import.meta.url));

/** The whole document around the table that `classificationTable()` makes. */
export function classificationDocument(table) {
  return `# Classification of the instructions

*Generated from the encoding rows (\`packages/isa/src/encoding/rows/\`) by \`node scripts/write-classification.mjs\`. Do not edit; a test compares.*

The classes are those of Popek and Goldberg (CACM 17(7), 1974), as IA-32 has them. *Sensitive* here means sensitive and not privileged: the class
that is empty on a machine on which trap-and-emulate works. Entries 1 to 18 are those of Robin and Irvine (USENIX Security 2000); \`callf\` and
\`retf\` are the far forms of CALL and RET. The paper does not name LES, LDS, LSS, LFS and LGS (\`load-far-pointer\`); they load a segment register with the
checks of POP and are in its entry. The requirement numbers are theirs: 3B, the instruction reads or changes sensitive registers; 3C, it refers to the
protection system. Encodings are in the notation of the Intel manuals' opcode maps (SDM vol. 2, appendix A); operand types are explained in
\`packages/isa/src/encoding/instruction.ts\`.

${table}`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(CLASSIFICATION, classificationDocument(classificationTable()));
