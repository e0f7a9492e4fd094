// SPDX-License-Identifier: MIT
// start_cpu.S - the page under 1 MiB where the other CPUs begin in 16-bit mode (copied there by
// smp.c, which fills in the values at its end), and their first instructions in the kernel.
// The page is mapped at its own address, executable and read-only, in tables that only this uses.

	.set HERE, cpu_start_begin
	.section .rodata.cpu_start, "a", @progbits
	.balign 16
	.globl cpu_start_begin, cpu_start_end
cpu_start_begin:
	.code16
	cli
	cld
	movw %cs, %ax
	movw %ax, %ds
	movzwl %ax, %ebx
	shll $4, %ebx // the page's address
	lgdtl values_gdt - HERE
	movl $1, %eax
	movl %eax, %cr0
	ljmpl *(values_far32 - HERE)

	.code32
start32:
	movw $0x10, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl values_cr4 - HERE(%ebx), %eax
	movl %eax, %cr4
	movl values_root - HERE(%ebx), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx // EFER
	rdmsr
	orl $0x901, %eax // SCE, LME, NXE
	wrmsr
	movl $0x80010033, %eax // PG, WP, NE, ET, MP, PE
	movl %eax, %cr0
	ljmpl *(values_far64 - HERE)(%ebx)

	.code64
start64:
	movl %ebx, %ebx
	movq values_stack - HERE(%rbx), %rsp
	movq values_id - HERE(%rbx), %rdi
	movq values_entry - HERE(%rbx), %rax
	jmp *%rax

	.balign 16
gdt: // accessed bits are set: the page is not writable
	.quad 0
	.quad 0x00cf9b000000ffff // 0x08: 32-bit code
	.quad 0x00cf93000000ffff // 0x10: data
	.quad 0x00af9b000000ffff // 0x18: 64-bit code
values_gdt:
	.word values_gdt - gdt - 1
	.long gdt - HERE // + page, as the two below
values_far32:
	.long start32 - HERE
	.word 0x08
values_far64:
	.long start64 - HERE
	.word 0x18
	.balign 8
	.globl cpu_start_addresses, cpu_start_values
cpu_start_addresses: // u16 offsets of the three addresses to which the page's own is added
	.word values_gdt + 2 - HERE, values_far32 - HERE, values_far64 - HERE, 0
cpu_start_values: // struct start_values in smp.c
values_cr4:
	.quad 0
values_root:
	.quad 0
values_stack:
	.quad 0
values_id:
	.quad 0
values_entry:
	.quad 0
cpu_start_end:

	.text
	.globl cpu_start64
cpu_start64: // rdi = id
	xorl %ebp, %ebp
	call cpu_started
	ud2
	.section .note.GNU-stack, "", @progbits
