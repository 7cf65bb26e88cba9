#include "tools/cli/input.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "proto/utf8/utf8.h"
#include "tools/cli/escape.h"

static struct termios saved; /* a signal's handler must find it */

static void on_signal(int number)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	signal(number, SIG_DFL);
	raise(number);
}

void input_open(struct input *input, bool person)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT };
	struct termios mode;

	*input = (struct input){ .person = person && tcgetattr(STDIN_FILENO, &saved) == 0 };
	if (!input->person)
		return;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], on_signal);
	mode = saved;
	mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	mode.c_cc[VSUSP] = _POSIX_VDISABLE; /* it would leave the shell with our mode */
	tcsetattr(STDIN_FILENO, TCSANOW, &mode);
	input_draw(input);
}

void input_shut(struct input *input)
{
	if (input->person) {
		input_hide(input);
		fflush(stdout);
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	}
	text_free(&input->lines);
	text_free(&input->edited);
	input->person = false;
}

/* Takes the last character off. */
static void edit_back(struct text *edited)
{
	while (edited->size > 0 && (edited->bytes[--edited->size] & 0xc0) == 0x80)
		;
}

static void edit_back_word(struct text *edited)
{
	while (edited->size > 0 && edited->bytes[edited->size - 1] == ' ')
		edited->size--;
	while (edited->size > 0 && edited->bytes[edited->size - 1] != ' ')
		edited->size--;
}

/* Keys such as arrows come as ESC [ ... letter, or ESC O letter: they do nothing here. */
static bool in_escape(struct input *input, uint8_t key)
{
	if (input->escape == 0 && key != 0x1b)
		return false;
	if (key == 0x1b)
		input->escape = 1;
	else if (input->escape == 1)
		input->escape = key == '[' || key == 'O' ? 2 : 0;
	else if (key >= 0x40 && key <= 0x7e)
		input->escape = 0;
	return true;
}

static void take_key(struct input *input, uint8_t key)
{
	struct text *const edited = &input->edited;

	if (in_escape(input, key))
		return;
	if (key == '\r' || key == '\n') {
		text_put(&input->lines, text_span(edited));
		text_puts(&input->lines, "\n");
		text_clear(edited);
	} else if (key == 0x7f || key == 0x08) {
		edit_back(edited);
	} else if (key == 0x15) { /* ^U */
		text_clear(edited);
	} else if (key == 0x17) { /* ^W */
		edit_back_word(edited);
	} else if (key == 0x04 && edited->size == 0) { /* ^D */
		input->ended = true;
	} else if ((key >= 0x20 || key == '\t') && edited->size < INPUT_LINE_SIZE_MAX) {
		text_put(edited, span_of(&key, 1));
		input->typing = edited->bytes[0] != '/';
	}
}

static void take_piped(struct input *input, struct span bytes)
{
	const uint8_t *const end = input->overlong ? memchr(bytes.bytes, '\n', bytes.size) : bytes.bytes;

	if (!end)
		return; /* still the line that is too long */
	text_put(&input->lines, span_of(end, bytes.size - (size_t)(end - bytes.bytes)));
	if (input->lines.size > INPUT_LINE_SIZE_MAX && !memchr(input->lines.bytes, '\n', input->lines.size)) {
		input->overlong = true;
		text_clear(&input->lines);
	}
}

void input_read(struct input *input)
{
	uint8_t bytes[16384];
	const ssize_t size = read(STDIN_FILENO, bytes, sizeof(bytes));

	text_drop(&input->lines, input->taken);
	input->taken = 0;
	if (size < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (size <= 0) {
		input->ended = true;
		input->error = size < 0 ? errno : 0;
		if (input->overlong || (input->lines.size > 0 && input->lines.bytes[input->lines.size - 1] != '\n'))
			text_puts(&input->lines, "\n"); /* a last line without an end is one too */
	} else if (!input->person) {
		take_piped(input, span_of(bytes, (size_t)size));
	} else {
		for (ssize_t i = 0; i < size; i++)
			take_key(input, bytes[i]);
		input_hide(input);
		input_draw(input);
	}
}

bool input_has_line(const struct input *input)
{
	return input->lines.size > input->taken &&
	       memchr(input->lines.bytes + input->taken, '\n', input->lines.size - input->taken);
}

int input_line(struct input *input, struct span *line)
{
	const bool skipped = input->overlong;
	const uint8_t *start, *end;

	if (!input_has_line(input))
		return 0;
	start = input->lines.bytes + input->taken;
	end = memchr(start, '\n', input->lines.size - input->taken);
	*line = span_of(start, (size_t)(end - start));
	input->last = input->taken;
	input->taken += line->size + 1;
	input->overlong = false;
	return skipped ? -1 : 1;
}

void input_again(struct input *input)
{
	input->taken = input->last;
}

void input_hide(const struct input *input)
{
	if (input->person)
		fputs("\r\033[K", stdout);
}

/* Where the last `columns` columns of a text begin; what is wide counts for two. */
static size_t tail_of(struct span text, size_t columns)
{
	size_t at = text.size;

	while (at > 0) {
		size_t start = at - 1;
		size_t width;

		while (start > 0 && (text.bytes[start] & 0xc0) == 0x80)
			start--;
		width = text.bytes[start] >= 0xe1 ? 2 : 1;
		if (width > columns)
			break;
		columns -= width;
		at = start;
	}
	return at;
}

void input_draw(const struct input *input)
{
	struct winsize size = { .ws_col = 80 };
	struct text shown = { 0 };
	size_t tail;

	if (!input->person)
		return;
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	escape_put(&shown, text_span(&input->edited), ESCAPE_PEOPLE);
	tail = tail_of(text_span(&shown), size.ws_col > 10 ? size.ws_col - 4u : 76u);
	fputs("> ", stdout);
	if (shown.size > tail)
		fwrite(shown.bytes + tail, 1, shown.size - tail, stdout);
	fflush(stdout);
	text_free(&shown);
}
