// SPDX-License-Identifier: MIT
// start.S - where the BIOS of a PC jumps to when it starts a CD: loads the rest of this program,
// goes to 32-bit mode and calls cd_main; bios_call goes back to 16-bit mode for one interrupt.
// Manuals: El Torito 1.0; EDD 3.0 (int 13h, function 42h).

	.set HERE, 0x7c00 // the stacks of both modes are below
	.set SECTOR, 2048
	.set STACK_32, 0x7c00
	.set STACK_16, 0x3000
	.set CODE_32, 0x08
	.set DATA_32, 0x10
	.set CODE_16, 0x18
	.set DATA_16, 0x20

	.macro load_data_segments
	movw $DATA_32, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %fs
	movw %ax, %gs
	movw %ax, %ss
	.endm

	.section .start, "awx", @progbits
	.code16
	.globl cd_start
cd_start:
	jmp 1f
	.balign 8 // tools/eltorito writes these two
own_sector:
	.long 0
own_sector_count:
	.long 0
1:
	cli
	ljmp $0, $2f // some firmware comes with 07c0:0000
2:
	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $HERE, %esp
	sti
	cld
	movb %dl, drive
	movl own_sector, %eax // the first one is here already
	incl %eax
	movl %eax, packet_sector
	movl own_sector_count, %eax
	decl %eax
	jz 3f
	movw %ax, packet_count
	movb $0x42, %ah
	movw $packet, %si
	int $0x13
	jc unreadable
3:
	movw $0x2401, %ax // address line 20, by the BIOS and by the chip set
	int $0x15
	inb $0x92, %al
	orb $2, %al
	andb $0xfe, %al // bit 0 resets
	outb %al, $0x92
	cli
	lgdt gdt_pointer
	movl %cr0, %eax
	orb $1, %al
	movl %eax, %cr0
	ljmp $CODE_32, $enter_32

unreadable:
	movw $message, %si
4:
	lodsb
	testb %al, %al
	jz 5f
	movb $0x0e, %ah
	movw $7, %bx
	int $0x10
	jmp 4b
5:
	hlt
	jmp 5b

message:
	.asciz "carbide: the CD cannot be read\r\n"

	.balign 8
packet:
	.byte 16, 0
packet_count:
	.short 0
	.short HERE + SECTOR, 0
packet_sector:
	.long 0, 0

	.balign 8
gdt:
	.quad 0
	.quad 0x00cf9b000000ffff // CODE_32: flat
	.quad 0x00cf93000000ffff // DATA_32: flat
	.quad 0x00009b000000ffff // CODE_16: 64 KiB
	.quad 0x000093000000ffff // DATA_16
gdt_pointer:
	.short gdt_pointer - gdt - 1
	.long gdt
real_idt:
	.short 0x3ff
	.long 0
drive:
	.byte 0

	.text
	.code32
enter_32:
	load_data_segments
	movl $STACK_32, %esp
	movl $cd_bss_start, %edi
	movl $cd_bss_end, %ecx
	subl %edi, %ecx
	xorl %eax, %eax
	rep stosb
	movzbl drive, %eax
	subl $12, %esp // 16-byte aligned at the call
	pushl %eax
	call cd_main

// void cd_enter(u32 entry, u32 magic, u32 info)
	.globl cd_enter
cd_enter:
	movl 8(%esp), %eax
	movl 12(%esp), %ebx
	jmp *4(%esp)

// void bios_interrupt(u32 number, struct bios_registers *registers): all of this program lies below
// 64 KiB, so that 16-bit code reaches it with segments of 0.
	.globl bios_interrupt
bios_interrupt:
	pushal
	movl 36(%esp), %eax
	movb %al, number
	movl 40(%esp), %esi
	movl $registers, %edi
	movl $8, %ecx
	rep movsl
	movl %esp, stack_32
	ljmp $CODE_16, $1f
	.code16
1:
	movw $DATA_16, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %fs
	movw %ax, %gs
	movw %ax, %ss
	movl %cr0, %eax
	andb $0xfe, %al
	movl %eax, %cr0
	ljmp $0, $2f
2:
	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %fs
	movw %ax, %gs
	movw %ax, %ss
	movl $STACK_16, %esp
	lidt real_idt
	movl registers + 0, %eax
	movl registers + 4, %ebx
	movl registers + 8, %ecx
	movl registers + 12, %edx
	movl registers + 16, %esi
	movl registers + 20, %edi
	movw registers + 24, %es
	sti
	.byte 0xcd // int
number:
	.byte 0
	cli
	cld
	pushfl
	movl %eax, %cs:registers + 0
	popl %eax
	movl %eax, %cs:registers + 28
	movl %ebx, %cs:registers + 4
	movl %ecx, %cs:registers + 8
	movl %edx, %cs:registers + 12
	movl %esi, %cs:registers + 16
	movl %edi, %cs:registers + 20
	xorw %ax, %ax
	movw %ax, %ds
	lgdt gdt_pointer
	movl %cr0, %eax
	orb $1, %al
	movl %eax, %cr0
	ljmp $CODE_32, $3f
	.code32
3:
	load_data_segments
	movl stack_32, %esp
	movl $registers, %esi
	movl 40(%esp), %edi
	movl $8, %ecx
	rep movsl
	popal
	ret

	.bss
	.balign 8
registers:
	.space 32
stack_32:
	.space 4
