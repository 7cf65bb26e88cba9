/* What a file of version 1 held that an Uproar of that time left behind: of two rooms, with a message edited, one
 * deleted and one reacted to, all in the index of words. VERSION_1_ROWS: SQL, for the tables of the first step. */
#define VERSION_1_ROWS \
	"INSERT INTO rooms VALUES (1, 'general', '4iqftq9nq5hs', 1, 6, 1, 6, 0, NULL, 2471804502);" \
	"INSERT INTO rooms VALUES (2, 'garden', '6cw4usgm5l0v', 1, 1, 1, 1, 0, NULL, 662071114);" \
	"INSERT INTO events VALUES (4294967297, 'msg', 1795284223753, 'Ann', 'p', 1, '{\"text\": \"green " \
	"tea\"}', NULL, NULL, NULL, 1, 0, 25, 25, 3161070394);" \
	"INSERT INTO events VALUES (4294967298, 'msg', 1795284223764, 'Bob', NULL, NULL, '\"\\u00e9t\\u00e9 " \
	"\\ud83d\\udc4d\"', NULL, NULL, NULL, 0, 0, 31, 56, 2799688618);" \
	"INSERT INTO events VALUES (4294967299, 'edit', 1795284223770, 'Ann', 'p', 2, '{\"text\": \"black " \
	"tea\"}', 1, NULL, NULL, 1, 0, 25, 81, 1996760309);" \
	"INSERT INTO events VALUES (4294967300, 'react', 1795284223771, 'Ann', NULL, NULL, NULL, 2, '👍', " \
	"1, 0, 0, 7, 88, 2290505790);" \
	"INSERT INTO events VALUES (4294967301, 'msg', 1795284223791, 'Bob', NULL, NULL, NULL, NULL, " \
	"NULL, NULL, 0, 1, 18, 106, 2368873957);" \
	"INSERT INTO events VALUES (4294967302, 'del', 1795284223794, 'Bob', NULL, NULL, NULL, 5, NULL, " \
	"NULL, 0, 0, 3, 109, 3793278841);" \
	"INSERT INTO events VALUES (8589934593, 'msg', 1795284223796, 'Bob', 'q', 1, '[1, 2, {\"a\": " \
	"null}]', NULL, NULL, NULL, 0, 0, 23, 23, 4122486174);" \
	"INSERT INTO words (rowid, text) VALUES (4294967297, 'black tea ');" \
	"INSERT INTO words (rowid, text) VALUES (4294967298, 'été 👍 ');"
