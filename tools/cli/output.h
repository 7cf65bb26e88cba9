/* output.h - standard output, and the first thing that went wrong with it.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

/* Right behind what was written to stdout. */
void output_flush(void);

/* The errno of the first write that failed; 0: none has. */
int output_error(void);

#endif
