/* 4 KB pages and the entries of their tables (Intel SDM vol. 3, table 4-6). */
#ifndef PAGE_ENTRY_H
#define PAGE_ENTRY_H

#define PAGE_BYTES 4096u
#define TABLE_ENTRIES 1024u
/* What one page-directory entry spans. */
#define TABLE_SPAN (PAGE_BYTES * TABLE_ENTRIES)

#define PAGE_PRESENT 0x01u
#define PAGE_WRITABLE 0x02u
#define PAGE_USER 0x04u
#define PAGE_ACCESSED 0x20u
#define PAGE_DIRTY 0x40u

#endif
