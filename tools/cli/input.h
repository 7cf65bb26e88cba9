/* input.h - lines from standard input: of a pipe as they come, of a person with a line editor.
 *
 * The editor is needed because what others say is printed while one types: the
 * line is taken away and put back around it. Without a terminal on both sides it is off.
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "tools/cli/text.h"

#define INPUT_LINE_SIZE_MAX (1u << 20)

struct input {
	bool person;         /* the editor is on */
	bool ended;          /* nothing more will come */
	int error;           /* which it ended with, an errno; 0: none */
	bool overlong;       /* the line under way is larger than INPUT_LINE_SIZE_MAX: the rest of it is dropped */
	bool typing;         /* a key was typed into a line that is no command; the owner takes it down */
	uint8_t escape;      /* of a key's escape sequence: 1 behind ESC, 2 behind ESC [ */
	struct text lines;   /* what has come, with its line ends */
	size_t taken;        /* lines[0..taken) is given out */
	size_t last;         /* the last of it begins here */
	struct text edited;  /* the editor's line */
};

/* Begins to read; the editor's terminal mode ends with input_shut, or by a signal. */
void input_open(struct input *input, bool person);
void input_shut(struct input *input);

/* Reads once what is there; blocks when nothing is. */
void input_read(struct input *input);

/* Whether input_line has something, so that there is no need to read. */
bool input_has_line(const struct input *input);

/* The next line without its end. Returns 1, 0 when there is none yet, or
 * -1 when one was too long and is left out. It borrows until the next read. */
int input_line(struct input *input, struct span *line);

/* The last line comes once more; nothing was read since. */
void input_again(struct input *input);

/* Takes the editor's line off the screen, and puts it there again. Nothing without a person. */
void input_hide(const struct input *input);
void input_draw(const struct input *input);

#endif
