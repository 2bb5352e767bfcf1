#include "arch/arch.h"
#include "base/text.h"

#define LINE_SPACE 256

static void print_list(const char *format, __builtin_va_list arguments) {
  char line[LINE_SPACE];
  struct text_buffer buffer = { line, 0, sizeof line };
  text_add_list(&buffer, format, arguments);
  arch_console_write(line, buffer.length);
}

void print(const char *format, ...) {
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  print_list(format, arguments);
  __builtin_va_end(arguments);
}

void panic(const char *format, ...) {
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  print("PANIC: ");
  print_list(format, arguments);
  print("\n");
  __builtin_va_end(arguments);
  arch_power_off(PANIC_STATUS);
}
