/*
 * What runs in a space besides its program. The kernel copies it to the first page of physical memory, which every space has at STUB_CODE; so it may name
 * no address of the image. Each entry ends in INT3, which stops the process, and the kernel goes on.
 */
#include "host-numbers.h"
#include "layout.h"

/* The least value that is an error number, less one. */
#define LAST_RESULT 0xfffff000
#define PAGE_BYTES 4096
#define SYSTEM_CALL int $SYSTEM_CALL_VECTOR

  .section .rodata.stub, "a"
  .globl stub_start, stub_end, stub_run, stub_fault, stub_clone
stub_start:

/* ESP points to records: number and six arguments of a call, number 0 behind the last. Ends with the first call that fails. */
stub_run:
  popl %eax
  testl %eax, %eax
  jz 1f
  popl %ebx
  popl %ecx
  popl %edx
  popl %esi
  popl %edi
  popl %ebp
  SYSTEM_CALL
  cmpl $LAST_RESULT, %eax
  jbe stub_run
1:
  movl %eax, STUB_DATA + STUB_RESULT
  int3

/* Handler of SIGSEGV: what the processor said of the exception (struct sigcontext). The kernel puts the registers back, so that it does not return. */
stub_fault:
  movl FRAME_VECTOR(%esp), %eax
  movl %eax, STUB_DATA + STUB_FAULT_VECTOR
  movl FRAME_ERROR(%esp), %eax
  movl %eax, STUB_DATA + STUB_FAULT_ERROR
  movl FRAME_ADDRESS(%esp), %eax
  movl %eax, STUB_DATA + STUB_FAULT_ADDRESS
  int3

/* In the nursery: makes a process like it, but for a page of data of its own. */
stub_clone:
  movl $HOST_CLONE, %eax
  movl $(CLONE_FILES | CLONE_PARENT | CLONE_AT_END), %ebx
  xorl %ecx, %ecx
  xorl %edx, %edx
  xorl %esi, %esi
  xorl %edi, %edi
  SYSTEM_CALL
  testl %eax, %eax
  jz 2f
  movl %eax, STUB_DATA + STUB_RESULT
  int3
2:
  movl $HOST_PTRACE, %eax
  movl $PTRACE_TRACEME, %ebx
  SYSTEM_CALL
  movl $STUB_DATA, %ebx
  movl $PAGE_BYTES, %ecx
  movl $PROT_READ_WRITE, %edx
  movl $MAP_SHARED_FIXED, %esi
  movl STUB_DATA + STUB_MEMORY_FILE, %edi
  movl STUB_DATA + STUB_CHILD_PAGE, %ebp
  movl $HOST_MMAP2, %eax
  SYSTEM_CALL
  movl %eax, STUB_DATA + STUB_RESULT
  int3
stub_end:

  .section .note.GNU-stack, "", @progbits
