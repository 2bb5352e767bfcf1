/* The sample source as part of the image. */
  .section .rodata.sample_source, "a"
  .globl sample_source, sample_source_end
sample_source:
  .incbin "sample.src"
sample_source_end:

  .section .note.GNU-stack, "", @progbits
