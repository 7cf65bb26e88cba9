/* uproar-report: makes results of uproar-load readable, as HTML, Markdown and PDF. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/report/charts.h"
#include "tools/report/input.h"
#include "tools/report/page_html.h"
#include "tools/report/page_md.h"
#include "tools/report/page_pdf.h"

#define PATH_SIZE 4096

enum exit_status {
	EXIT_DONE = 0,
	EXIT_NOT_WRITTEN = 1,
	EXIT_WRONG = 2, /* the command line or a file that was to be read */
};

enum format {
	FORMAT_HTML,
	FORMAT_MD,
	FORMAT_PDF,
	FORMATS,
};

static const char *const endings[FORMATS] = { ".html", ".md", ".pdf" };

struct wishes {
	const char *file[INPUT_RUNS_MAX];
	size_t files;
	const char *out; /* NULL: the folder of the first file */
	bool format[FORMATS];
	bool out_is_file;
};

static const char help[] =
	"Usage: uproar-report RESULTS.json... [-o FOLDER|FILE] [--html] [--md] [--pdf]\n\n"
	"Makes results of uproar-load readable: report.html, report.md and report.pdf beside the first file.\n"
	"Several results are compared.\n\n"
	"  -o FOLDER     write them there; it is made where there is none\n"
	"  -o FILE       write one, in the format its name ends in: .html, .md, .pdf\n"
	"  --html --md --pdf   only these\n"
	"  --help, --version\n";

static int wrong(const char *what, const char *which)
{
	fprintf(stderr, "uproar-report: %s%s; uproar-report --help says more\n", what, which);
	return EXIT_WRONG;
}

static bool set_format(struct wishes *wishes, const char *option)
{
	for (int i = 0; i < FORMATS; i++)
		if (strncmp(option, "--", 2) == 0 && strcmp(option + 2, endings[i] + 1) == 0)
			return wishes->format[i] = true;
	return false;
}

/* -o names a file when it ends like one and is no folder. Then that is the one format. */
static int settle(struct wishes *wishes)
{
	const char *end = wishes->out ? strrchr(wishes->out, '.') : NULL;
	const bool any = wishes->format[FORMAT_HTML] || wishes->format[FORMAT_MD] || wishes->format[FORMAT_PDF];
	struct stat at;

	if (wishes->files == 0)
		return wrong("which results.json?", "");
	for (int i = 0; i < FORMATS; i++) {
		if (end && strcmp(end, endings[i]) == 0 && (stat(wishes->out, &at) < 0 || !S_ISDIR(at.st_mode))) {
			for (int j = 0; j < FORMATS; j++)
				if (j != i && wishes->format[j])
					return wrong("-o names one file, but another format is asked for than that of ",
						     wishes->out);
			wishes->out_is_file = wishes->format[i] = true;
			return 0;
		}
	}
	for (int i = 0; i < FORMATS && !any; i++)
		wishes->format[i] = true;
	return 0;
}

/* 0, or the exit status; -1 when all is said. */
static int parse(struct wishes *wishes, int argc, char **argv)
{
	bool options = true;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (options && strcmp(word, "--help") == 0)
			return fputs(help, stdout), -1;
		if (options && strcmp(word, "--version") == 0)
			return puts("uproar-report " UPROAR_VERSION), -1;
		if (options && strcmp(word, "--") == 0)
			options = false;
		else if (options && strcmp(word, "-o") == 0) {
			if (++i == argc)
				return wrong("-o wants a folder or a file", "");
			wishes->out = argv[i];
		} else if (options && word[0] == '-') {
			if (!set_format(wishes, word))
				return wrong("unknown option ", word);
		} else if (wishes->files == INPUT_RUNS_MAX)
			return wrong("at most 8 results can be told apart; too many with ", word);
		else
			wishes->file[wishes->files++] = word;
	}
	return settle(wishes);
}

/* The file of that format. False when it has no place. */
static bool name_file(char path[PATH_SIZE], const struct wishes *wishes, enum format format)
{
	const char *folder = wishes->out ? wishes->out : wishes->file[0];
	const char *slash = strrchr(folder, '/');
	int size;

	if (wishes->out_is_file)
		size = snprintf(path, PATH_SIZE, "%s", wishes->out);
	else if (wishes->out)
		size = snprintf(path, PATH_SIZE, "%s/report%s", folder, endings[format]);
	else
		size = snprintf(path, PATH_SIZE, "%.*sreport%s", slash ? (int)(slash - folder) + 1 : 0, folder,
				endings[format]);
	return size < PATH_SIZE;
}

static const char *write_text(const char *path, const struct runs *runs, const struct charts *charts,
			      enum format format)
{
	FILE *out = fopen(path, "w");
	bool drawn = true, torn;

	if (!out)
		return strerror(errno);
	if (format == FORMAT_HTML)
		drawn = page_html(out, runs, charts);
	else
		page_md(out, runs);
	torn = ferror(out) != 0;
	if (fclose(out) != 0 || torn)
		return errno ? strerror(errno) : "not all could be written";
	return drawn ? NULL : "a chart could not be drawn";
}

static int write_all(const struct wishes *wishes, const struct runs *runs)
{
	static struct charts charts;

	charts_of(&charts, runs);
	if (wishes->out && !wishes->out_is_file && mkdir(wishes->out, 0777) < 0 && errno != EEXIST) {
		fprintf(stderr, "uproar-report: %s: %s\n", wishes->out, strerror(errno));
		return EXIT_NOT_WRITTEN;
	}
	for (int format = 0; format < FORMATS; format++) {
		char path[PATH_SIZE];
		const char *why;

		if (!wishes->format[format])
			continue;
		if (!name_file(path, wishes, format))
			return wrong("too long a path: ", wishes->out ? wishes->out : wishes->file[0]);
		errno = 0;
		why = format == FORMAT_PDF ? page_pdf(path, runs, &charts) : write_text(path, runs, &charts, format);
		if (why) {
			fprintf(stderr, "uproar-report: %s: %s\n", path, why);
			return EXIT_NOT_WRITTEN;
		}
		printf("%s\n", path);
	}
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	static struct wishes wishes;
	static struct runs runs;
	int status = parse(&wishes, argc, argv);
	char why[INPUT_WHY_SIZE];

	if (status)
		return status < 0 ? EXIT_DONE : status;
	for (size_t i = 0; i < wishes.files && !status; i++)
		if (input_load(&runs.run[i], wishes.file[i], why))
			runs.count++;
		else {
			fprintf(stderr, "uproar-report: %s\n", why);
			status = EXIT_WRONG;
		}
	input_tell_apart(&runs);
	if (!status)
		status = write_all(&wishes, &runs);
	for (size_t i = 0; i < runs.count; i++)
		input_free(&runs.run[i]);
	return status;
}
