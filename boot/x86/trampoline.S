// SPDX-License-Identifier: MIT
// trampoline.S - the one page that is mapped at its own address while paging comes on: GDT, the
// values for the jump, and the code from 32-bit protected mode into the 64-bit kernel.
// The page is not writable once CR0.WP is on: descriptors have their accessed bit set already.

	.section .trampoline, "awx", @progbits
	.balign 16
gdt:
	.quad 0
	.quad 0x00cf9b000000ffff // 0x08: 32-bit code, flat
	.quad 0x00cf93000000ffff // 0x10: data, flat
	.quad 0x00af9b000000ffff // 0x18: 64-bit code
	.globl gdt_pointer
gdt_pointer:
	.short gdt_pointer - gdt - 1
	.long gdt

	.balign 8
	.globl trampoline_values
trampoline_values: // struct trampoline_values in machine.h
root:
	.quad 0
entry:
	.quad 0
boot_info:
	.quad 0
cr4:
	.quad 0

	.code32
	.globl trampoline_enter
trampoline_enter:
	movl cr4, %eax
	movl %eax, %cr4
	movl root, %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx // EFER
	rdmsr
	orl $0x901, %eax // SCE, LME, NXE
	wrmsr
	movl $0x80010033, %eax // PG, WP, NE, ET, MP, PE
	movl %eax, %cr0
	ljmp $0x18, $long_mode

	.code64
long_mode:
	movq boot_info(%rip), %rdi
	movq entry(%rip), %rax
	xorl %esp, %esp
	xorl %ebp, %ebp
	xorl %ebx, %ebx
	xorl %ecx, %ecx
	xorl %edx, %edx
	xorl %esi, %esi
	lidt no_idt(%rip)
	jmp *%rax

	.balign 8
no_idt: // the 32-bit IDT is worthless here; the kernel loads its own first
	.short 0
	.quad 0
