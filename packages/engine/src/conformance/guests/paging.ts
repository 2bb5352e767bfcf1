import { CR0 as CR0Bit, Vector } from '@ringbench/isa';
import { fault, userFault, type GuestCheck } from '../guest-check.js';
import { pageEntry, type KernelGuest } from '../kernel-guest.js';
import { Page, PAGE_BYTES, PAGE_DIRECTORY, PageFault, SCRATCH } from '../memory-map.js';
import { at, CR0, CR2, CR3, CR4, EAX, EBX, ECX, EDI } from '../operands.js';

const PLAIN = Page.PRESENT | Page.WRITABLE | Page.USER;
const MARK = 0x5eed1e55;
/** Linear addresses that nothing is mapped at before a check does it. */
const UNMAPPED = 0x800000;
const LARGE_PAGE_LINEAR = 0xc0000000;
const PSE = 1 << 4;

/** Reads or writes a scratch page whose entry has just been changed. */
function touch(guest: KernelGuest, entry: number, access: 'read' | 'write', ring: 0 | 3): void {
  guest.setPage(SCRATCH, entry);
  const body = (inner: KernelGuest): unknown => (access === 'read' ? inner.mov(EBX, at(SCRATCH + 8)) : inner.mov(at(SCRATCH + 8), 1));
  if (ring === 0) guest.attempt(body);
  else guest.attemptInRing3(body);
}
const at8 = { cr2: SCRATCH + 8 } as const;
const { PRESENT, WRITE, USER } = PageFault;

export const PAGING_CHECKS: readonly GuestCheck[] = [
  {
    name: 'paging: error codes and CR2 of pages that are absent, read-only or the kernel\'s',
    manual: 'SDM vol. 3, 4.6 and 4.7',
    code: (guest) => {
      guest.enablePaging();
      const frame = SCRATCH;
      for (const ring of [0, 3] as const) {
        touch(guest, frame, 'read', ring);
        touch(guest, frame, 'write', ring);
        touch(guest, frame | PRESENT | Page.USER, 'read', ring);
        touch(guest, frame | PRESENT | Page.USER, 'write', ring);
        touch(guest, frame | PRESENT | Page.WRITABLE, 'read', ring);
        touch(guest, frame | PRESENT | Page.WRITABLE, 'write', ring);
      }
      guest.mov(EAX, 0xd0e).log(EAX);
    },
    expected: [
      ...fault(Vector.PF, { error: 0, ...at8 }), ...fault(Vector.PF, { error: WRITE, ...at8 }),
      ...userFault(Vector.PF, { error: USER, ...at8 }), ...userFault(Vector.PF, { error: USER | WRITE, ...at8 }), ...userFault(Vector.PF, { error: USER | WRITE | PRESENT, ...at8 }),
      ...userFault(Vector.PF, { error: USER | PRESENT, ...at8 }), ...userFault(Vector.PF, { error: USER | WRITE | PRESENT, ...at8 }), 0xd0e,
    ],
  },
  {
    name: 'paging: CR0.WP makes read-only pages read-only for the kernel',
    manual: 'SDM vol. 3, 4.6',
    code: (guest) => {
      guest.enablePaging();
      touch(guest, SCRATCH | Page.PRESENT | Page.USER, 'write', 0);
      guest.mov(EAX, CR0).alu('or', EAX, CR0Bit.WP).mov(CR0, EAX);
      guest.attempt((inner) => inner.mov(at(SCRATCH + 8), 1));
      touch(guest, SCRATCH | Page.PRESENT, 'write', 0);
      guest.attempt((inner) => inner.mov(EBX, at(SCRATCH + 8))).log(EBX);
    },
    expected: [...fault(Vector.PF, { error: PRESENT | WRITE, ...at8 }), ...fault(Vector.PF, { error: PRESENT | WRITE, ...at8 }), 1],
  },
  {
    name: 'paging: accessed and dirty bits',
    manual: 'SDM vol. 3, 4.8',
    code: (guest) => {
      guest.enablePaging();
      const show = () => guest.mov(EAX, at(pageEntry(SCRATCH))).alu('and', EAX, Page.ACCESSED | Page.DIRTY).log(EAX);
      guest.setPage(SCRATCH, SCRATCH | PLAIN);
      show();
      guest.mov(EBX, at(SCRATCH));
      show();
      guest.mov(at(SCRATCH), EBX);
      show();
      // A refused write sets nothing.
      guest.setPage(SCRATCH, SCRATCH | Page.PRESENT | Page.USER).attemptInRing3((inner) => inner.mov(at(SCRATCH), EBX));
      show();
      guest.mov(EAX, at(PAGE_DIRECTORY)).alu('and', EAX, Page.ACCESSED | Page.DIRTY).log(EAX);
      // A read-modify-write that changes nothing is a write.
      guest.setPage(SCRATCH, SCRATCH | PLAIN).alu('or', at(SCRATCH), 0);
      show();
    },
    expected: [
      0, Page.ACCESSED, Page.ACCESSED | Page.DIRTY, ...userFault(Vector.PF, { error: USER | PRESENT | WRITE, cr2: SCRATCH }), 0, Page.ACCESSED, Page.ACCESSED | Page.DIRTY,
    ],
  },
  {
    name: 'paging: fetches fault like reads; an instruction across two pages names the second',
    manual: 'SDM vol. 3, 4.7',
    code: (guest) => {
      const last = SCRATCH + PAGE_BYTES - 2;
      const second = SCRATCH + PAGE_BYTES;
      guest.enablePaging().mov(at(last), 0x0000b890).setPage(second, second); // NOP; MOV EAX, imm32 begins on the page's last byte
      guest.attempt((inner) => inner.mov(at('try start'), last + 1).mov(EBX, last).jmp(EBX));
      guest.attempt((inner) => inner.mov(at('try start'), second).mov(EBX, second).jmp(EBX));
      guest.attemptInRing3((inner) => inner.mov(at('try start'), second).mov(EBX, second).jmp(EBX));
    },
    expected: [...fault(Vector.PF, { cr2: SCRATCH + PAGE_BYTES }), ...fault(Vector.PF, { cr2: SCRATCH + PAGE_BYTES }), ...userFault(Vector.PF, { error: USER, cr2: SCRATCH + PAGE_BYTES })],
  },
  {
    name: 'paging: an access across pages writes nothing when the second faults',
    manual: 'SDM vol. 3, 4.7; 6.5',
    code: (guest) => {
      const edge = SCRATCH + PAGE_BYTES - 2;
      guest.enablePaging().mov(at(edge), 0).setPage(SCRATCH + PAGE_BYTES, SCRATCH + PAGE_BYTES);
      guest.attempt((inner) => inner.mov(at(edge), -1));
      guest.setPage(SCRATCH + PAGE_BYTES, (SCRATCH + PAGE_BYTES) | PLAIN).logMemory(edge).mov(at(edge), MARK).logMemory(edge);
    },
    expected: [...fault(Vector.PF, { error: WRITE, cr2: SCRATCH + PAGE_BYTES }), 0, MARK],
  },
  {
    name: 'paging: two linear pages of one frame, remapping after INVLPG, and a CR3 load',
    manual: 'SDM vol. 3, 4.10.4',
    code: (guest) => {
      const [first, second] = [SCRATCH, SCRATCH + PAGE_BYTES];
      guest.enablePaging().mov(at(first), 1).mov(at(second), 2);
      guest.setPage(second, first | PLAIN).logMemory(second).mov(at(second), 3).logMemory(first);
      guest.mov(at(pageEntry(second)), second | PLAIN).mov(EAX, CR3).mov(CR3, EAX).logMemory(second);
    },
    expected: [1, 3, 2],
  },
  {
    name: 'paging: 4 MB pages, and their reserved bits',
    manual: 'SDM vol. 3, 4.3',
    code: (guest) => {
      const entry = PAGE_DIRECTORY + (LARGE_PAGE_LINEAR >>> 22) * 4;
      const mapped = LARGE_PAGE_LINEAR + SCRATCH;
      guest.enablePaging().mov(EAX, CR4).alu('or', EAX, PSE).mov(CR4, EAX);
      guest.mov(at(SCRATCH), MARK).mov(at(entry), Page.PRESENT | Page.WRITABLE | Page.LARGE).logMemory(mapped | 0).mov(at(mapped | 0), 5).logMemory(SCRATCH).logMemory(entry);
      guest.mov(at(entry), Page.PRESENT | Page.LARGE | 0x2000).mov(EAX, CR3).mov(CR3, EAX).attempt((inner) => inner.mov(EBX, at(LARGE_PAGE_LINEAR | 0)));
    },
    expected: [MARK, 5, Page.PRESENT | Page.WRITABLE | Page.LARGE | Page.ACCESSED | Page.DIRTY, ...fault(Vector.PF, { error: PRESENT | PageFault.RESERVED, cr2: LARGE_PAGE_LINEAR })],
  },
  {
    name: 'paging: an absent directory entry, CR2 is written by faults only, and PG off again',
    manual: 'SDM vol. 3, 4.7 and 2.5',
    code: (guest) => {
      guest.enablePaging().attempt((inner) => inner.mov(EBX, at(UNMAPPED))).clear(EAX).mov(CR2, EAX).mov(EBX, at(SCRATCH)).mov(EAX, CR2).log(EAX);
      guest.mov(EAX, CR0).alu('and', EAX, 0x7fffffff).mov(CR0, EAX).mov(EBX, 9).attempt((inner) => inner.mov(EBX, at(UNMAPPED))).log(EBX);
    },
    expected: [...fault(Vector.PF, { cr2: UNMAPPED }), 0, 0xffffffff],
    ownTo: 'reads beyond RAM find nothing here',
  },
  {
    name: 'paging: a repeated string store stops at the fault with its registers where it stands, and goes on',
    manual: 'SDM vol. 2, REP',
    code: (guest) => {
      guest.enablePaging().setPage(SCRATCH + PAGE_BYTES, SCRATCH + PAGE_BYTES);
      guest.cld().mov(EAX, 0x41).mov(EDI, SCRATCH + PAGE_BYTES - 3).mov(ECX, 10).attempt((inner) => inner.raw(0xf3, 0xaa)).log(ECX).log(EDI); // REP STOSB
      guest.setPage(SCRATCH + PAGE_BYTES, (SCRATCH + PAGE_BYTES) | PLAIN).raw(0xf3, 0xaa).log(ECX).log(EDI).logMemory(SCRATCH + PAGE_BYTES + 3);
    },
    expected: [...fault(Vector.PF, { error: WRITE, cr2: SCRATCH + PAGE_BYTES }), 7, SCRATCH + PAGE_BYTES, 0, SCRATCH + PAGE_BYTES + 7, 0x41414141],
  },
];
