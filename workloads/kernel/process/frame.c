/*
 * What a handler finds on its stack and sigreturn takes from there: struct sigframe and rt_sigframe of Linux for i386, field
 * by field, since C libraries and debuggers know them.
 */
#include "base/errors.h"
#include "base/text.h"
#include "process/calls.h"
#include "process/process.h"

struct context_image {
  uint16_t gs, gs_high, fs, fs_high, es, es_high, ds, ds_high;
  uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
  uint32_t trap_number, error, eip;
  uint16_t cs, cs_high;
  uint32_t eflags, esp_at_signal;
  uint16_t ss, ss_high;
  uint32_t x87, old_mask, fault_address;
};
/* FNSAVE's image, the status word again, and a mark that no FXSAVE image follows. */
#define X87_AREA_BYTES 624u
#define X87_STATUS_OFFSET 4u
struct x87_image {
  uint8_t saved[X87_BYTES];
  uint16_t status, magic;
};
#define X87_MAGIC_PLAIN 0xffff

struct plain_frame {
  uint32_t return_address, signal;
  struct context_image context;
  uint8_t unused[X87_AREA_BYTES];
  uint32_t mask_high;
  uint8_t return_code[8];
};
struct stack_image {
  uint32_t start;
  int32_t flags;
  uint32_t bytes;
};
#define STACK_ACTIVE 1
#define STACK_DISABLED 2
struct user_context {
  uint32_t flags, link;
  struct stack_image stack;
  struct context_image context;
  uint64_t mask;
};
struct information_image {
  int32_t signal, error, code;
  uint32_t who, user, value;
  uint8_t unused[104];
};
struct full_frame {
  uint32_t return_address, signal, information_address, context_address;
  struct information_image information;
  struct user_context context;
  uint8_t return_code[8];
};

_Static_assert(sizeof(struct context_image) == 88, "struct sigcontext");
_Static_assert(sizeof(struct information_image) == 128, "siginfo_t");
_Static_assert(sizeof(struct full_frame) == 16 + 128 + 116 + 8, "struct rt_sigframe");

/* popl %eax; movl $119, %eax; int $0x80 */
static const uint8_t plain_return[8] = { 0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80 };
/* movl $173, %eax; int $0x80; a zero that debuggers look for */
static const uint8_t full_return[8] = { 0xb8, 173, 0, 0, 0, 0xcd, 0x80, 0 };

static void context_fill(struct context_image *image, const struct registers *r, uint64_t mask, uint32_t x87) {
  const struct signals *signals = &current->signals;
  *image = (struct context_image){
    (uint16_t)r->gs, 0, (uint16_t)r->fs, 0, (uint16_t)r->es, 0, (uint16_t)r->ds, 0,
    r->edi, r->esi, r->ebp, r->esp, r->ebx, r->edx, r->ecx, r->eax,
    signals->fault_vector, signals->fault_error, r->eip, (uint16_t)r->cs, 0, r->eflags, r->esp, (uint16_t)r->ss, 0,
    x87, (uint32_t)mask, signals->fault_address,
  };
}

/* Below the stack pointer, or at the end of the alternate stack if asked for and not in use. */
static uint32_t stack_choose(const struct registers *registers, const struct signal_action *action) {
  const struct signals *signals = &current->signals;
  const bool inside = registers->esp - signals->alternate_stack < signals->alternate_bytes;
  if (action->flags & ACTION_ALTERNATE_STACK && signals->alternate_bytes && !inside) return signals->alternate_stack + signals->alternate_bytes;
  return registers->esp;
}

/* Puts the x87 state on the stack, if there is any; `*stack` becomes its address, `*x87` too or 0. */
static int x87_push(uint32_t *stack, uint32_t *x87) {
  *x87 = 0;
  if (!arch_x87_used(&current->context)) return 0;
  struct x87_image image;
  arch_x87_read(&current->context, image.saved);
  memcpy(&image.status, image.saved + X87_STATUS_OFFSET, sizeof image.status);
  image.magic = X87_MAGIC_PLAIN;
  *stack = *x87 = (*stack - sizeof image) & ~15u;
  return arch_copy_to_user(*stack, &image, sizeof image) ? -EFAULT : 0;
}

/* The ABI wants ESP + 4 on a multiple of 16 at a function's entry. */
static uint32_t frame_place(uint32_t stack, uint32_t bytes) {
  return ((stack - bytes + 4) & ~15u) - 4;
}

static struct stack_image stack_describe(const struct registers *registers) {
  const struct signals *signals = &current->signals;
  const bool inside = registers->esp - signals->alternate_stack < signals->alternate_bytes;
  return (struct stack_image){ signals->alternate_stack, !signals->alternate_bytes ? STACK_DISABLED : inside ? STACK_ACTIVE : 0, signals->alternate_bytes };
}

static int plain_push(struct registers *registers, uint32_t signal, const struct signal_action *action, uint64_t mask, uint32_t at, uint32_t x87) {
  struct plain_frame frame;
  const uint32_t code = at + offsetof(struct plain_frame, return_code);
  memset(&frame, 0, sizeof frame);
  frame.return_address = action->flags & ACTION_RESTORER ? action->restorer : code;
  frame.signal = signal;
  context_fill(&frame.context, registers, mask, x87);
  frame.mask_high = (uint32_t)(mask >> 32);
  memcpy(frame.return_code, plain_return, sizeof plain_return);
  if (arch_copy_to_user(at, &frame, sizeof frame)) return -EFAULT;
  registers->edx = registers->ecx = 0;
  return 0;
}

static int full_push(struct registers *registers, uint32_t signal, const struct signal_action *action, uint64_t mask, uint32_t at, uint32_t x87) {
  struct full_frame frame;
  const struct signal_information *information = &current->signals.information[signal - 1];
  memset(&frame, 0, sizeof frame);
  frame.return_address = action->flags & ACTION_RESTORER ? action->restorer : at + offsetof(struct full_frame, return_code);
  frame.signal = signal;
  frame.information_address = at + offsetof(struct full_frame, information);
  frame.context_address = at + offsetof(struct full_frame, context);
  frame.information = (struct information_image){ (int32_t)signal, 0, information->code, information->who, 0, information->value, { 0 } };
  frame.context.stack = stack_describe(registers);
  frame.context.mask = mask;
  context_fill(&frame.context.context, registers, mask, x87);
  memcpy(frame.return_code, full_return, sizeof full_return);
  if (arch_copy_to_user(at, &frame, sizeof frame)) return -EFAULT;
  registers->edx = frame.information_address;
  registers->ecx = frame.context_address;
  return 0;
}

int frame_push(struct registers *registers, uint32_t signal, const struct signal_action *action, uint64_t mask) {
  const bool full = action->flags & ACTION_INFORMATION;
  uint32_t stack = stack_choose(registers, action), x87;
  if (x87_push(&stack, &x87)) return -EFAULT;
  const uint32_t at = frame_place(stack, full ? sizeof(struct full_frame) : sizeof(struct plain_frame));
  const int error = full ? full_push(registers, signal, action, mask, at, x87) : plain_push(registers, signal, action, mask, at, x87);
  if (error) return error;
  struct registers entered;
  arch_registers_start(&entered, action->handler, at);
  registers->eip = action->handler;
  registers->esp = at;
  registers->eax = signal;
  registers->ds = registers->es = registers->ss = entered.ss;
  registers->cs = entered.cs;
  registers->eflags &= ~0x500u; /* DF and TF */
  return 0;
}

static int context_restore(struct registers *registers, const struct context_image *image) {
  struct x87_image x87;
  if (image->x87) {
    if (arch_copy_from_user(&x87, image->x87, sizeof x87)) return -EFAULT;
    arch_x87_write(&current->context, x87.saved);
  }
  *registers = (struct registers){
    image->ebx, image->ecx, image->edx, image->esi, image->edi, image->ebp, image->eax, image->ds, image->es, image->fs, image->gs,
    registers->vector, registers->error, image->eip, image->cs, image->eflags, image->esp, image->ss,
  };
  arch_registers_sanitize(&current->context, registers);
  /* Whatever the restored EAX looks like, no call is to start again. */
  current->in_system_call = false;
  return 0;
}

/* The handler's return has taken the return address, and the plain code also the signal. */
int call_sigreturn(const uint32_t *a) {
  (void)a;
  struct registers *registers = arch_user_registers(&current->context);
  struct plain_frame frame;
  if (arch_copy_from_user(&frame, registers->esp - 8, sizeof frame)) process_exit(SIGSEGV);
  signal_blocked_set(frame.context.old_mask | (uint64_t)frame.mask_high << 32);
  if (context_restore(registers, &frame.context)) process_exit(SIGSEGV);
  return (int)registers->eax;
}

int call_rt_sigreturn(const uint32_t *a) {
  (void)a;
  struct registers *registers = arch_user_registers(&current->context);
  struct full_frame frame;
  if (arch_copy_from_user(&frame, registers->esp - 4, sizeof frame)) process_exit(SIGSEGV);
  signal_blocked_set(frame.context.mask);
  if (context_restore(registers, &frame.context.context)) process_exit(SIGSEGV);
  return (int)registers->eax;
}

#define STACK_BYTES_LEAST 2048u
int call_sigaltstack(const uint32_t *a) {
  struct signals *signals = &current->signals;
  struct stack_image now = stack_describe(arch_user_registers(&current->context)), wanted;
  if (a[0]) {
    if (arch_copy_from_user(&wanted, a[0], sizeof wanted)) return -EFAULT;
    if (now.flags == STACK_ACTIVE) return -EPERM;
    if (wanted.flags & ~STACK_DISABLED) return -EINVAL;
    const bool disable = wanted.flags & STACK_DISABLED;
    if (!disable && wanted.bytes < STACK_BYTES_LEAST) return -ENOMEM;
    signals->alternate_stack = disable ? 0 : wanted.start;
    signals->alternate_bytes = disable ? 0 : wanted.bytes;
  }
  return a[1] && arch_copy_to_user(a[1], &now, sizeof now) ? -EFAULT : 0;
}
