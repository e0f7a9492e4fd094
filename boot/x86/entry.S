// SPDX-License-Identifier: MIT
// entry.S - the two doors of the loader (PVH note, multiboot2 header) and its exception stubs.
// Both doors come in 32-bit protected mode without paging; they differ only in the number that
// loader_main receives. Manuals: Multiboot2 1.6/2.0, Xen x86/HVM direct boot ABI.

	.set MULTIBOOT2_MAGIC, 0xe85250d6
	.set TAG_OPTIONAL, 1
	.set PVH_DOOR, 0x00485650 // "PVH", must be PVH_DOOR in loader.c

	.section .multiboot2, "a", @progbits
	.balign 8
header:
	.long MULTIBOOT2_MAGIC, 0, header_end - header
	.long -(MULTIBOOT2_MAGIC + 0 + (header_end - header))
	.balign 8 // information request: command line, modules, memory map, framebuffer, ACPI
	.short 1, TAG_OPTIONAL
	.long 8 + 6 * 4
	.long 1, 3, 6, 8, 14, 15
	.balign 8 // framebuffer, preferred size and depth
	.short 5, TAG_OPTIONAL
	.long 20, 1024, 768, 32
	.balign 8 // modules on page boundaries
	.short 6, 0
	.long 8
	.balign 8 // end
	.short 0, 0
	.long 8
header_end:

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 4, 18 // XEN_ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.long pvh_entry

	.text
	.code32
	.globl multiboot2_entry
pvh_entry:
	movl $PVH_DOOR, %eax
multiboot2_entry:
	cli
	cld
	movl $stack_top, %esp
	movl %eax, %esi
	rdtsc
	movl %eax, entry_tsc
	movl %edx, entry_tsc + 4
	lgdt gdt_pointer
	ljmp $0x08, $1f
1:
	movl $0x10, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	movl %eax, %ss
	xorl %ebp, %ebp
	pushl $0 // keeps the stack 16-byte aligned at the call
	pushl $0
	pushl %ebx
	pushl %esi
	call loader_main
2:
	hlt
	jmp 2b

// One stub for each CPU exception: push its number, then report. Nothing returns.
	.set vector, 0
	.rept 32
	.balign 16
	.if vector == 0
	.globl exception_stubs
exception_stubs:
	.endif
	pushl $vector
	jmp exception_common
	.set vector, vector + 1
	.endr

exception_common:
	movl %esp, %eax
	andl $-16, %esp
	subl $12, %esp
	pushl %eax
	call loader_exception
	jmp 2b

	.bss
	.balign 16
	.space 16384
stack_top:
	.globl entry_tsc
entry_tsc:
	.space 8
