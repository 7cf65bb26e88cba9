#include "tools/report/markup.h"

#include <string.h>

void markup_html(FILE *out, const char *text)
{
	for (; *text; text++) {
		const unsigned char byte = (unsigned char)*text;

		switch (byte) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			putc(byte < 0x20 || byte == 0x7f ? ' ' : byte, out);
		}
	}
}

void markup_md(FILE *out, const char *text)
{
	for (; *text; text++) {
		const unsigned char byte = (unsigned char)*text;

		if (byte == '<')
			fputs("&lt;", out);
		else if (byte == '&')
			fputs("&amp;", out);
		else if (strchr("\\`*_[]|#~>!", byte)) {
			putc('\\', out);
			putc(byte, out);
		} else
			putc(byte < 0x20 || byte == 0x7f ? ' ' : byte, out);
	}
}
